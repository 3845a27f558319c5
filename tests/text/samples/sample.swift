import Foundation
@testable import Routes
import struct Routes.Leg

let limit = 16

typealias Legs = [Leg]

public protocol Carrier: AnyObject, Named {
    associatedtype Cost
    var name: String { get }
    func carry(_ parcel: Parcel, times: Int) throws -> Cost
}

@objc
public final class Parcel: Thing, Comparable {
    public let weight: Int
    private var legs: Legs = []
    static var count = 0

    var grams: Int {
        return max(weight, 1)
    }

    public init(weight: Int, _ content: String? = nil) {
        self.weight = weight
        super.init(content)
    }

    deinit {
        Parcel.count -= 1
    }

    @discardableResult
    public func send<C: Carrier>(
        by carrier: C,
        times: Int = 1,
        rest: Leg...
    ) async throws -> Bool {
        func again(_ left: Int) -> Bool { left == 0 || again(left - 1) }
        let way = Route.shortest(legs)
        _ = try carrier.carry(self, times: times)
        return again(times) && way?.total(limit) != nil
    }

    subscript(index: Int) -> Leg {
        legs[index]
    }

    fileprivate enum State: String {
        case waiting
        case sent(by: String), lost
    }

    static func == (one: Parcel, other: Parcel) -> Bool {
        one.weight == other.weight
    }
}

extension Parcel: CustomStringConvertible where Int: Equatable {
    public var description: String { "\(weight) g" }

    func isLight() -> Bool {
        weight < 2
    }
}

struct Stop {
    var at: Date
}

func pack(content: String) -> Parcel {
    Parcel(weight: 1, content)
}
