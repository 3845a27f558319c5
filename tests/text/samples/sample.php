<?php

declare(strict_types=1);

namespace Example\Post;

use Example\Routes\Route as Way;
use Example\Routes\{Leg, Stop as Halt};
use function Example\Text\pad;

require_once __DIR__ . '/bootstrap.php';

const LIMIT = 16;

#[Entity]
final class Parcel extends Thing implements \Countable, Weighed
{
    use Labelled;

    public const NAME = 'parcel';
    private ?Way $way = null;
    protected static int $count = 0;

    public function __construct(
        private readonly int $weight,
        public ?string $content = null,
        Leg ...$legs
    ) {
        parent::__construct($weight);
        $this->way = Way::shortest($legs);
    }

    public function count(): int
    {
        return $this->way?->total(LIMIT) ?? self::$count;
    }

    private static function make(array &$options, callable $by = null): static
    {
        $again = fn(int $left) => $by($left);
        return new static(pad($options['weight']), content: Parcel::NAME);
    }
}

interface Weighed extends Named
{
    public function isHeavy(int $limit): bool;
}

trait Labelled
{
    abstract protected function label(): string;
}

enum State: string
{
    case Waiting = 'w';
    case Sent = 's';

    public function next(): self
    {
        return State::Sent;
    }
}

function pack(string $content, int $times = 1): Parcel
{
    $parcel = new \Example\Post\Parcel($times, $content);
    foreach ($parcel->legs as $leg) {
        $leg->close();
    }
    return $parcel;
}
