using System.Diagnostics;
using System.Text;
using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Connections;

/// <summary>A password on its way from the keyboard to a real server, and every place it must not be found in.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class PasswordTests : IDisposable
{
    private const string Canary = "canary-7be3ü";
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    /// <summary>A server that asks for passwords, and a role with the canary for its own.</summary>
    private static async Task<PgServer> StartAsync()
    {
        var server = await PgServer.StartAsync();
        await server.ExecuteAsync("postgres", $"create role guard login password '{Canary}'", "create table t (id int primary key, v text)",
            "insert into t select i, 'v' from generate_series(1, 20000) i", "grant select on t to guard");
        await File.WriteAllTextAsync(Path.Combine(server.Data, "pg_hba.conf"),
            "local all postgres trust\nhost all postgres 127.0.0.1/32 trust\nhost all guard 127.0.0.1/32 scram-sha-256\n");
        await server.ExecuteAsync("postgres", "select pg_reload_conf()");
        return server;
    }

    [Fact]
    public async Task It_is_typed_unseen_and_found_nowhere_afterwards()
    {
        await using var server = await StartAsync();
        var url = FormattableString.Invariant($"postgres://guard@127.0.0.1:{server.Port}/postgres");
        var screen = await OnTerminalAsync($"'{PawlProgram.File}' conn add guarded {url}", "Password for", Canary);
        Assert.Contains("Saved guarded", screen);
        Assert.DoesNotContain("canary", screen);
        var said = new StringBuilder(screen);

        var test = await PawlProcess.RunAsync(scratch, "conn", "test", "guarded");
        Assert.True(test.Code == 0 && test.Out.Contains("logged in as guard"), test.ToString());
        scratch.Write("job.yaml", "version: 1\nname: guarded\nsource: guarded\ntarget: sqlite:copy.db\ntables: {public.t: t}\n"
            + "defaults: {commit: {rows: 50}}\n");
        await using var run = PawlProcess.Start(scratch, ["run", "job.yaml", "--progress", "json", "-v"]);
        Assert.True(await run.SaidAsync("lane.committed", 3));
        said.Append(await File.ReadAllTextAsync($"/proc/{run.Id}/cmdline", TestContext.Current.CancellationToken));
        said.Append(await File.ReadAllTextAsync($"/proc/{run.Id}/environ", TestContext.Current.CancellationToken));
        var done = await run.WaitAsync();
        Assert.True(done.Code == 0, done.ToString());
        said.Append(test).Append(done);
        foreach (var words in new[]
        {
            "conn list", "conn list --json", "conn test guarded --json", "conn discover guarded", "doctor job.yaml --json",
            "plan job.yaml -v", "validate job.yaml --json", "progress job.yaml --json", "verify job.yaml --json",
            "checkpoint list job.yaml", "runs list --json", "runs show -v", "runs report --format json", "runs report --format html",
            "runs report --format md",
        })
        {
            var exit = await PawlProcess.RunAsync(scratch, words.Split(' '));
            Assert.True(exit.Code == 0, $"{words}: {exit}");
            said.Append(exit);
        }
        // A server that has changed its mind is told with all causes.
        await server.ExecuteAsync("postgres", "alter role guard password 'another'");
        foreach (var words in new[] { "conn test guarded -v", "run job.yaml -v", "doctor job.yaml --json" })
        {
            var exit = await PawlProcess.RunAsync(scratch, words.Split(' '));
            Assert.True(exit.Code != 0 && (exit.Out + exit.Err).Contains(Codes.LoginRefused), $"{words}: {exit}");
            said.Append(exit);
        }
        Assert.DoesNotContain("canary", said.ToString());
        foreach (var file in Directory.EnumerateFiles(scratch.Folder, "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            Assert.True(bytes.AsSpan().IndexOf("canary"u8) < 0, $"{file} holds the password");
        }
        Assert.Empty(await server.RowsAsync("postgres",
            "select query from pg_stat_activity where query like '%canary%' and pid <> pg_backend_pid()"));
    }

    [Fact]
    public async Task Enter_keeps_the_saved_one_and_ctrl_c_changes_nothing()
    {
        const string url = "postgres://u@127.0.0.1:1/d";
        await OnTerminalAsync($"'{PawlProgram.File}' conn add a {url}", "Password for", Canary);
        var kept = await OnTerminalAsync($"'{PawlProgram.File}' conn add a {url}2", "Enter keeps the saved one", "");
        Assert.Contains("its password is kept", kept);
        var store = await StoreAsync();
        await OnTerminalAsync($"'{PawlProgram.File}' conn add a {url}3; echo \"exit $?\"", "Password for", "abc\u0003");
        Assert.Equal(store, await StoreAsync());
        var moved = await OnTerminalAsync($"'{PawlProgram.File}' conn add a postgres://u@127.0.0.2:1/d", "Password for", "");
        Assert.Contains("given for another place", moved);
        Assert.Contains("without a password", moved);

        Task<string> StoreAsync() => File.ReadAllTextAsync(Path.Combine(scratch.Home, "connections.json"));
    }

    /// <summary>Runs a command on a terminal of its own, types a line when it asks, and returns everything the screen showed.</summary>
    private async Task<string> OnTerminalAsync(string command, string prompt, string line)
    {
        var info = new ProcessStartInfo("script", ["-q", "-e", "-f", "-c", command, "/dev/null"])
        {
            WorkingDirectory = scratch.Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8, StandardInputEncoding = new UTF8Encoding(false),
        };
        (info.Environment["PAWL_HOME"], info.Environment["LANG"], info.Environment["TERM"]) = (scratch.Home, "C.UTF-8", "xterm");
        using var script = Process.Start(info)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var screen = new StringBuilder();
        var letters = new char[1024];
        var typed = false;
        try
        {
            for (int read; (read = await script.StandardOutput.ReadAsync(letters, patience.Token)) > 0;)
            {
                screen.Append(letters, 0, read);
                if (typed || !screen.ToString().Contains(prompt, StringComparison.Ordinal)) continue;
                typed = true;
                await script.StandardInput.WriteAsync(line + "\n");
                await script.StandardInput.FlushAsync(patience.Token);
            }
            await script.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!script.HasExited) script.Kill(entireProcessTree: true);
        }
        Assert.True(typed, $"it never asked:\n{screen}");
        return screen.ToString();
    }
}
