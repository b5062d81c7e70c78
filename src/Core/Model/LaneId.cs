namespace Pawl.Model;

/// <summary>One ordered series of commits into one target.</summary>
/// <param name="Job">The job's uuid.</param>
/// <param name="Name">Unique in the job over all generations: <c>table/g1/s3</c> for a split, <c>log</c> for a change log.</param>
public readonly record struct LaneId(Guid Job, string Name) : IComparable<LaneId>
{
    public static LaneId ForSplit(Guid job, TableName table, long generation, int split) =>
        new(job, FormattableString.Invariant($"{table}/g{generation}/s{split}"));

    /// <summary>The one order in which groups lock their lanes.</summary>
    public int CompareTo(LaneId other)
    {
        var byJob = Job.CompareTo(other.Job);
        return byJob != 0 ? byJob : string.CompareOrdinal(Name, other.Name);
    }

    public override string ToString() => Name;
}
