#include <memory>
#include "route/leg.hpp"

namespace post {
namespace detail {
constexpr int limit = 16;
}

using Legs = std::vector<route::Leg>;

template <typename T>
class Parcel final : public Thing<T>, private route::Weighed {
public:
    explicit Parcel(int weight, T content = {});
    ~Parcel() override;
    Parcel(const Parcel &) = delete;

    virtual int grams() const noexcept = 0;
    bool operator==(const Parcel &other) const;
    operator bool() const { return weight_ > 0; }

    template <typename Carrier>
    auto send(Carrier &&by, int times) -> bool
    {
        auto again = [&](int left) { return by.carry(*this, left); };
        return again(times) && route::shortest<Leg>(legs_);
    }

    static int count;

protected:
    struct State {
        int at;
    };

private:
    int weight_;
    Legs legs_;
};

enum class Kind : char { letter, box };

struct Visitor : Base {
    virtual void visit(Kind kind) = 0;
};

template <typename T>
concept Carried = requires(T value) { value.carry(); };
}  // namespace post

template <typename T>
post::Parcel<T>::Parcel(int weight, T content)
    : weight_(weight), legs_(detail::limit)
{
    std::make_unique<Leg>(weight)->close();
}

post::Parcel<int>::~Parcel() { delete new Leg(1); }

int post::Parcel<int>::count = 0;

std::ostream &operator<<(std::ostream &out, const post::Kind &kind)
{
    return out << static_cast<int>(kind);
}

static int helper(const std::string &text, ...) { return text.size(); }

extern "C" {
int post_weigh(void *parcel);
}
