namespace Pawl.Simulation;

/// <summary>Many seeds.</summary>
internal sealed class Campaign
{
    private readonly Lock gate = new();

    public long Seeds { get; private set; }
    public long Steps { get; private set; }
    /// <summary>Over all trace hashes, whatever the order of the seeds.</summary>
    public ulong Hash { get; private set; }
    public Tally Tally { get; } = new();
    public List<Outcome> Failures { get; } = [];
    /// <summary>Faults that were never injected. Only asked of campaigns long enough to meet them.</summary>
    public IReadOnlyList<string> Absent => Seeds < 2000 ? [] : [.. Tally.All.Where(t => t.Value == 0).Select(t => t.Name)];
    public bool Holds => Failures.Count == 0 && Absent.Count == 0 && Seeds > 0;

    public static Campaign Run(ulong from, ulong to, int jobs, int maxFailures, Action<Outcome>? each = null)
    {
        var campaign = new Campaign();
        var next = from;
        var threads = Enumerable.Range(0, jobs).Select(_ => new Thread(() =>
        {
            while (campaign.Take(ref next, to, maxFailures) is { } seed)
            {
                var outcome = Simulator.Run(seed);
                campaign.Add(outcome);
                each?.Invoke(outcome);
            }
        }, 4 << 20)).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        campaign.Failures.Sort((a, b) => a.Seed.CompareTo(b.Seed));
        return campaign;
    }

    private ulong? Take(ref ulong next, ulong to, int maxFailures)
    {
        lock (gate) return next > to || Failures.Count >= maxFailures ? null : next++;
    }

    private void Add(Outcome outcome)
    {
        lock (gate)
        {
            Seeds++;
            Steps += outcome.Steps;
            Hash += outcome.Hash * 0x9E3779B97F4A7C15UL;
            Tally.Add(outcome.Tally);
            if (outcome.Violation is not null) Failures.Add(outcome);
        }
    }
}
