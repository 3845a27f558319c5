using System;
using System.Collections.Generic;
using static System.Math;
using Way = Example.Routes.Route;

namespace Example.Post
{
    /// <summary>What is sent.</summary>
    [Serializable]
    public sealed class Parcel<T> : Thing<T>, IComparable<Parcel<T>> where T : class
    {
        public const int Limit = 16;
        private readonly List<Leg> legs = new();
        public event EventHandler<State> Changed;

        public Parcel(int weight, T content = null) : base(weight)
        {
            Content = content;
        }

        public T Content { get; private set; }

        public int Grams => Max(Weight, 1);

        public async Task<bool> SendAsync(
            ICarrier by,
            int times = 1,
            params Leg[] rest)
        {
            int Again(int left) => left == 0 ? 0 : Again(left - 1);
            var way = new Way(legs);
            await by.CarryAsync<T>(this, times: times);
            Changed?.Invoke(this, State.Sent);
            return way.Total(Again(times)) > 0;
        }

        public static bool operator ==(Parcel<T> a, Parcel<T> b) => a.Equals(b);

        public Leg this[int index] => legs[index];

        protected internal class Builder
        {
            internal Parcel<string> Build() => new Parcel<string>(1);
        }
    }

    public interface ICarrier : INamed
    {
        string Name { get; }
        Task CarryAsync<T>(Parcel<T> parcel, int times);
    }

    public enum State { Waiting, Sent = 4 }

    public record Leg(string From, string To) : Part;

    public struct Point { public int X, Y; }

    public delegate void Carried(Leg leg);

    internal static class Extensions
    {
        public static bool IsLight<T>(this Parcel<T> parcel) => parcel.Grams < 2;
    }
}
