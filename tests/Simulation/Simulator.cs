namespace Pawl.Simulation;

/// <summary>What one seed came to.</summary>
internal sealed record Outcome(ulong Seed, ulong Hash, int Steps, ViolationException? Violation, Tally Tally, IReadOnlyList<string> Trace);

/// <summary>
/// Runs one seed from its beginning to its end. Single-threaded; several may run at the same time on threads of their own.
/// </summary>
internal static class Simulator
{
    private const long LongestDay = 24 * TimeSpan.TicksPerHour;

    public static Outcome Run(ulong seed, bool keepText = false)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return RunHere(seed, keepText);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private static Outcome RunHere(ulong seed, bool keepText)
    {
        var rng = new Rng(seed * 0x9E3779B97F4A7C15UL + 1);
        var scenario = ScenarioMaker.Make(rng.Fork());
        var tally = new Tally { TablesWithoutKey = scenario.Tables.Count(t => !t.Unique) };
        var world = new World(rng.Fork(), new Trace(keepText));
        Supervisor? supervisor = null;
        var checker = new Checker(world, (process, table) => supervisor!.RunnerOf(process)!.Rule(table), tally);
        var server = new Server(world, rng.Fork(), scenario.Flavour, scenario.Faults, checker, tally);
        var source = new SourceSystem { Rng = rng.Fork(), Faults = scenario.Faults, Tally = tally, PositionRate = scenario.PositionRate };
        foreach (var table in scenario.Tables) source.Tables[table.Name] = table.Content;
        supervisor = new Supervisor(world, server, source, scenario, tally, rng.Fork());
        if (keepText) Describe(world, scenario);
        supervisor.Begin();
        while (!supervisor.Over && world.Violation is null)
        {
            if (!Step(world)) world.Fail("I12", "everybody waits for something that will never happen");
            else if (world.Steps > World.MaxSteps) world.Fail("I12", $"no end after {World.MaxSteps} steps");
            else if (world.Now > LongestDay) world.Fail("I12", "no end after a simulated day");
        }
        return new Outcome(seed, world.Trace.Hash, world.Steps, world.Violation, tally, world.Trace.Lines);
    }

    private static bool Step(World world)
    {
        try
        {
            return world.Step();
        }
        catch (Exception e)
        {
            world.Fail("crash", e.ToString());
            return true;
        }
    }

    private static void Describe(World world, Scenario scenario)
    {
        world.Trace.Note(0, -1,
            $"target {scenario.Flavour}, parallel {scenario.Parallel}, commit {scenario.Commit.Rows} rows, retries {scenario.Retry.Times}, "
            + $"faults {scenario.Faults.Call}/{scenario.Faults.Commit}, nemeses {string.Join(' ', scenario.Nemeses.Select(n => $"{n.Kind}@{n.AtServed}"))}");
        foreach (var table in scenario.Tables)
        {
            world.Trace.Note(0, -1, $"{table.Name}: {table.Content.Rows.Count} rows, {table.Content.Shape} key, unique={table.Unique}, {table.Rule.Write}, where={table.Rule.Where}, "
                + $"splits={table.Rule.Splits}, refused={table.Content.Rows.Count(r => r.Refused)} of {table.Rule.RejectLimit}");
        }
    }
}
