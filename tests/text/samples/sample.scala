package org.example.post

import scala.collection.mutable
import org.example.route.{Leg, Route => Way, _}
import org.example.errors.Full

sealed trait Event

trait Weighed extends Named with Serializable {
  def grams: Int
  def isHeavy(limit: Int): Boolean = grams > limit
  type Cost
}

final case class Parcel[T](weight: Int, private val content: Option[T] = None)(implicit office: Office)
    extends Thing[T](weight)
    with Weighed {
  private val legs = mutable.Buffer.empty[Leg]
  var state: State = State.Waiting

  override def grams: Int = weight

  protected def send(
      by: Carrier,
      times: Int = 1,
      rest: Leg*
  ): Either[Full, Int] = {
    def again(left: Int): Int = if (left == 0) 0 else again(left - 1)
    legs.foreach(leg => by.carry(leg))
    val way = new Way[Leg](legs)
    Right(again(times) + way.total(Parcel.Limit))
  }
}

object Parcel {
  val Limit = 16

  def empty: Parcel[Nothing] = Parcel(0)
}

enum State {
  case Waiting
  case Sent(by: String)
}

case object Closed extends Event

abstract class Desk(val name: String) {
  def open(): Unit
}

object Main {
  implicit val office: Office = Office.default

  def main(args: Array[String]): Unit = {
    println(Parcel.empty grams)
  }
}
