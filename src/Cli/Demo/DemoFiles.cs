namespace Pawl.Cli.Demo;

/// <summary>What the demo writes into its folder.</summary>
internal sealed record DemoFiles(string Folder)
{
    /// <summary>What the job gives its lanes: the job file's default.</summary>
    public const long MemoryBytes = 96L << 20;

    public string Source => Path.Combine(Folder, "shop.db");
    public string Target => Path.Combine(Folder, "copy.db");
    public string Job => Path.Combine(Folder, "job.yaml");

    public IReadOnlyList<string> All => [Source, Target, Job];

    public void WriteJob()
    {
        var head = Both("The demo's job. Change it, delete copy.db, and run it yourself: pawl run job.yaml",
            "demo 的作业。可以改动它，删除 copy.db，然后自己运行：pawl run job.yaml");
        var why = Both("small groups, so that there are many places to be killed at", "提交组很小，可以被杀死的地方就很多");
        File.WriteAllText(Job, $$$"""
            # {{{head}}}
            version: 1
            name: demo-shop
            source: sqlite:shop.db
            target: sqlite:copy.db
            tables:
              customers: {}
              orders: {}
              items: {}
            defaults: {commit: {rows: {{{CrashPlan.GroupRows}}}}}    # {{{why}}}

            """);
    }
}
