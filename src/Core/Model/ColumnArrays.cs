using System.Buffers;
using System.Runtime.CompilerServices;

namespace Pawl.Model;

/// <summary>
/// Arrays of columns: rented up to 8 MB, where the pool's rounding up to powers of two costs little and a batch comes every few
/// milliseconds; made to measure beyond, so that a column of one huge value takes that much memory and no more. Thread-safe.
/// </summary>
internal static class ColumnArrays
{
    private const long LargestRented = 8 << 20;

    /// <summary>A larger array with the first <paramref name="used"/> places of the old one, which is given back.</summary>
    /// <param name="wanted">The least number of places.</param>
    public static T[] Grow<T>(T[] old, int used, int wanted)
    {
        var size = (long)Unsafe.SizeOf<T>();
        var places = Math.Max(wanted, Math.Min(Math.Max(256, old.Length * 2L), Array.MaxLength));
        // A large array grows by a quarter: the old and the new one lie in memory together while it is copied.
        var grown = places * size <= LargestRented ? ArrayPool<T>.Shared.Rent((int)places)
            : GC.AllocateUninitializedArray<T>((int)Math.Max(wanted, Math.Min(old.Length + old.Length / 4L, Array.MaxLength)));
        Array.Copy(old, grown, used);
        Return(ref old);
        return grown;
    }

    public static void Return<T>(ref T[] array)
    {
        if (array.Length > 0 && (long)array.Length * Unsafe.SizeOf<T>() <= LargestRented)
        {
            ArrayPool<T>.Shared.Return(array, clearArray: RuntimeHelpers.IsReferenceOrContainsReferences<T>());
        }
        array = [];
    }
}
