package org.example.post;

import java.util.List;
import java.util.Map.Entry;
import static java.util.Objects.requireNonNull;
import org.example.route.*;

/** What is sent. */
@Deprecated(since = "2")
public final class Parcel<T> extends Thing<T> implements Comparable<Parcel<T>>, route.Weighed {
    public static final int LIMIT = 16, LEAST = 1;
    private final List<Leg> legs;

    public Parcel(int weight, List<Leg> legs) {
        super(weight);
        this.legs = requireNonNull(legs);
    }

    @Override
    public int compareTo(
        Parcel<T> other,
        Object... rest
    ) throws Full
    {
        Leg first = legs.get(0);
        return new Route<>(first).total(LIMIT) - other.weight();
    }

    protected <R> R accept(Visitor<R> visitor) {
        Runnable later = () -> visitor.done();
        legs.forEach(Leg::close);
        return visitor.visit(this);
    }

    static class Builder {
        Parcel<String> build() {
            return new Parcel<>(1, List.of());
        }
    }
}

interface Weighed extends Named {
    int weight();

    default boolean isHeavy(int limit) {
        return weight() > limit;
    }
}

enum State implements Named {
    WAITING("w"),
    SENT("s") {
        @Override
        String letter() {
            return State.super.toString();
        }
    };

    private final String letter;

    State(String letter) {
        this.letter = letter;
    }

    String letter() {
        return letter;
    }
}

record Leg(String from, String to) implements AutoCloseable {
    Leg {
        requireNonNull(from);
    }

    @Override
    public void close() {}
}

@interface Checked {
    String value() default "";
}
