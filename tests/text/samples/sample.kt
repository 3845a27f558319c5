package org.example.post

import kotlin.math.max
import org.example.route.Leg
import org.example.route.Route as Way
import org.example.errors.*

const val LIMIT = 16

typealias Legs = List<Leg>

@Serializable
data class Parcel<T>(
    val weight: Int,
    private val content: T? = null,
    vararg legs: Leg,
) : Thing<T>(weight), Weighed by Scale(weight), Comparable<Parcel<T>> {
    private val route: Way by lazy { Way.shortest(legs) }
    var state: State = State.WAITING
        private set

    init {
        require(weight <= LIMIT) { "too heavy" }
    }

    override suspend fun send(by: Carrier, times: Int = 1): Boolean {
        fun again() = by.carry(this)
        repeat(times) { again() }
        return route?.total(max(weight, 1)) != null
    }

    internal fun label() = "$weight ${content.toString()}"

    companion object {
        const val NAME = "parcel"

        fun empty(): Parcel<Unit> = Parcel(0)
    }
}

interface Weighed : Named {
    val grams: Int

    fun isHeavy(limit: Int): Boolean
}

enum class State(val letter: Char) {
    WAITING('w'),
    SENT('s');

    fun next() = values()[ordinal + 1]
}

object Office : Desk() {
    fun open() = println("open")
}

sealed interface Event

fun Parcel<*>.isLight(): Boolean = weight < 2

fun <T> pack(
    content: T,
    with: (T) -> Int,
): Parcel<T> {
    return Parcel(with(content), content)
}
