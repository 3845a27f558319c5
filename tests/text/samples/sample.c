#include <stdio.h>
#include "route/leg.h"

#ifndef SAMPLE_C
#define SAMPLE_C

#define LIMIT 16
#define MAX(a, b) ((a) > (b) ? (a) : (b))

typedef struct parcel {
    unsigned weight;
    char *content;
    struct leg *legs[LIMIT];
    int (*weigh)(struct parcel *self, int grams);
} parcel_t;

enum state { WAITING, SENT = 4 };

typedef int (*carrier_fn)(parcel_t *parcel, void *context);
typedef unsigned long grams;

union value {
    int number;
    float real;
};

static int count = 0;
extern const char *names[];

int carry(parcel_t *parcel, carrier_fn by, ...);

static inline struct leg *
first_leg(const parcel_t *parcel)
{
    return parcel->legs[0];
}

int (*choose(int fast))(parcel_t *)
{
    return fast ? &run : walk;
}

#ifdef WITH_LOG
void log_parcel(parcel_t *parcel, const char *format)
{
    int local = MAX(parcel->weight, 1);
    printf(format, local);
}
#endif

int main(int argc, char **argv)
{
    parcel_t parcel = {.weight = 3, .content = NULL};
    struct leg *leg = first_leg(&parcel);
    enum state state = WAITING;
    for (int i = 0; i < argc; i++) {
        count += parcel.weigh(&parcel, i);
    }
    return carry(&parcel, choose(state), sizeof(union value)) ? leg_close(leg) : 1;
}

#endif
