using System.Buffers;
using System.Globalization;
using Pawl.Model;

namespace Pawl.Verify;

/// <summary>
/// Digest v1 of a set of rows: how many there are, and the sum of their XXH3-128 hashes modulo 2^128. The order of rows and batches does
/// not matter, doubles count (a sum, not an exclusive or), and the digest of two parts is the sum of theirs. Not thread-safe.
/// </summary>
public sealed class RangeDigest : IEquatable<RangeDigest>
{
    public long Rows { get; private set; }

    public UInt128 Sum { get; private set; }

    /// <summary>The sum as 32 hex digits, lower case; two sets are equal when this and <see cref="Rows"/> are.</summary>
    public string Hex => Sum.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>Takes in the rows of a batch; the batch stays the caller's.</summary>
    /// <exception cref="PawlException"><see cref="Codes.ContractBroken"/> for a batch of changes, which is not a set of rows.</exception>
    public void Add(RowBatch batch)
    {
        if (batch.Ops is not null || batch.Absent is not null)
        {
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", batch.Schema.Name), ("digest", "changes"));
        }
        var hashes = ArrayPool<UInt128>.Shared.Rent(batch.Rows);
        try
        {
            CanonicalRows.Hash(batch, hashes.AsSpan(0, batch.Rows));
            Add(hashes.AsSpan(0, batch.Rows));
        }
        finally
        {
            ArrayPool<UInt128>.Shared.Return(hashes);
        }
    }

    /// <summary>Takes in rows by their hashes.</summary>
    public void Add(ReadOnlySpan<UInt128> hashes)
    {
        foreach (var hash in hashes) Sum += hash;
        Rows += hashes.Length;
    }

    /// <summary>Takes in the rows of another part.</summary>
    public void Add(RangeDigest other)
    {
        Sum += other.Sum;
        Rows += other.Rows;
    }

    public bool Equals(RangeDigest? other) => other is not null && Rows == other.Rows && Sum == other.Sum;

    public override bool Equals(object? obj) => Equals(obj as RangeDigest);

    public override int GetHashCode() => HashCode.Combine(Rows, Sum);

    public override string ToString() => $"{Rows}:{Hex}";
}
