using System.Diagnostics.CodeAnalysis;

namespace Pawl.Model;

/// <summary>
/// The cells of a column that do not hold its declared type, by row. Rows are only ever added behind the last one, so they lie sorted in
/// rented arrays; looking them up in row order, as readers do, takes one step. Not thread-safe, not even for reading.
/// </summary>
public sealed class StrayCells : IDisposable
{
    private int[] rows = [];
    private StrayCell[] cells = [];
    private int near;

    public int Count { get; private set; }

    /// <summary>The 0-based rows, ascending.</summary>
    public ReadOnlySpan<int> Rows => rows.AsSpan(0, Count);

    /// <summary>Payload in bytes, for budgets.</summary>
    public long Bytes { get; private set; }

    public bool TryGetValue(int row, [MaybeNullWhen(false)] out StrayCell cell)
    {
        var at = Find(row);
        cell = at < 0 ? default : cells[at];
        return at >= 0;
    }

    public void Dispose()
    {
        ColumnArrays.Return(ref rows);
        ColumnArrays.Return(ref cells);
        (Count, Bytes, near) = (0, 0, 0);
    }

    internal void Append(int row, StrayCell cell)
    {
        if (Count == rows.Length) rows = ColumnArrays.Grow(rows, Count, Count + 1);
        if (Count == cells.Length) cells = ColumnArrays.Grow(cells, Count, Count + 1);
        rows[Count] = row;
        cells[Count++] = cell;
        Bytes += 12 + (cell.Data?.Length ?? 0);
    }

    private int Find(int row)
    {
        if ((uint)near < (uint)Count && rows[near] == row) return near;
        if ((uint)(near + 1) < (uint)Count && rows[near + 1] == row) return ++near;
        var at = Array.BinarySearch(rows, 0, Count, row);
        // Where it would lie: the next look is likely to be for a row behind it.
        near = at >= 0 ? at : Math.Max(0, ~at - 1);
        return at;
    }
}
