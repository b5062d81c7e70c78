using System.Text.Json.Nodes;
using Pawl.EndToEnd.Tests.Cli;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Connections;

/// <summary><c>pawl conn</c> and the store behind it; no server is needed for any of it.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class SavedConnectionTests : IDisposable
{
    private const string Canary = "canary-5d20/@:?#${x} ü";
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private string Store => Path.Combine(scratch.Home, "connections.json");
    private string Key => Path.Combine(scratch.Home, "connections.key");

    private Task<PawlExit> PawlAsync(params string[] words) => PawlProcess.RunAsync(scratch, words);

    private async Task<PawlExit> AddAsync(string name, string url, string password = Canary, params (string, string?)[] settings)
    {
        var secret = scratch.Write("secret.txt", password + "\n");
        await using var shell = PawlProcess.StartProgram("/bin/sh", scratch,
            ["-c", "exec \"$0\" conn add \"$1\" \"$2\" --password-stdin < \"$3\"", PawlProgram.File, name, url, secret], settings);
        var exit = await shell.WaitAsync();
        File.Delete(secret);
        return exit;
    }

    private async Task SavedAsync(string name, string url, string password = Canary)
    {
        var exit = await AddAsync(name, url, password);
        Assert.True(exit.Code == 0, exit.ToString());
    }

    private async Task TellsAsync(string code, params string[] words)
    {
        var told = await PawlAsync(words);
        Assert.True(told.Code == 2 && (told.Out + told.Err).Contains(code), $"wanted {code}\n{told}");
        Assert.DoesNotContain("canary", told.Out + told.Err);
    }

    [Fact]
    public async Task A_connection_is_saved_listed_and_forgotten_and_its_password_is_nowhere()
    {
        await SavedAsync("shop", "postgres://u@h:5433/shop");
        Assert.Equal(0, (await PawlAsync("conn", "add", "ref", "postgres://u:${PGPW}@h/d")).Code);
        Assert.Equal(0, (await PawlAsync("conn", "add", "file", "sqlite:a.db")).Code);
        var list = await PawlAsync("conn", "list");
        Assert.Matches(@"file +sqlite:.*/a\.db +none\n", list.Out);
        Assert.Matches(@"ref +postgres://u@h/d +reference\n", list.Out);
        Assert.Matches(@"shop +postgres://u@h:5433/shop +saved\n", list.Out);
        var json = await PawlAsync("conn", "list", "--json");
        Assert.Equal(3, json.Last().GetProperty("data").GetProperty("connections").GetArrayLength());
        foreach (var file in new[] { Store, Key })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(scratch.Home));
        var stored = await File.ReadAllTextAsync(Store, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("canary", stored + list + json);
        foreach (var sealedIn in new[] { "h:5433", Convert.ToBase64String("canary"u8) }) Assert.DoesNotContain(sealedIn, stored);
        Assert.Equal(0, (await PawlAsync("conn", "remove", "shop")).Code);
        Assert.DoesNotContain("shop", (await PawlAsync("conn", "list")).Out);
        await TellsAsync(Codes.ConnectionUnknown, "conn", "remove", "shop");
        Assert.Empty(Directory.EnumerateFiles(scratch.Home, "*.tmp"));
    }

    [Fact]
    public async Task A_password_in_an_address_is_refused_and_nothing_is_saved()
    {
        await TellsAsync(Codes.SecretOnCommandLine, "conn", "add", "shop", "postgres://u:canary-1@h/d");
        Assert.False(File.Exists(Store));
        await TellsAsync(Codes.Usage, "conn", "add", "shop", "postgres://u@h/d");
        await TellsAsync(Codes.Usage, "conn", "add", "a b", "sqlite:a.db");
        await TellsAsync(Codes.Usage, "conn", "add", "shop", "not an address");
        await TellsAsync(Codes.SchemeUnknown, "conn", "add", "shop", "mongo://h/d");
        Assert.False(File.Exists(Store));
    }

    [Fact]
    public async Task A_saved_password_does_not_go_to_another_place()
    {
        await SavedAsync("shop", "postgres://u@h/shop");
        var database = await PawlAsync("conn", "add", "shop", "postgres://u@H/other");
        Assert.True(database.Code == 0 && database.Out.Contains("its password is kept"), database.ToString());
        foreach (var place in new[]
        {
            "postgres://u@evil/shop", "postgres://u@h:5433/shop", "postgres://v@h/shop", "postgres://u@h/shop?sslmode=disable",
            "postgres://u@h/shop?socket=/tmp",
        })
        {
            var moved = await PawlAsync("conn", "add", "shop", place);
            Assert.True(moved.Code == 2 && moved.Err.Contains("given for another place"), moved.ToString());
        }
        Assert.Contains("postgres://u@H/other", (await PawlAsync("conn", "list")).Out);
        Assert.Equal(0, (await PawlAsync("conn", "add", "shop", "postgres://u@evil/shop", "--no-password")).Code);
        Assert.Matches(@"postgres://u@evil/shop +none", (await PawlAsync("conn", "list")).Out);
        // Once dropped it does not come back.
        await TellsAsync(Codes.Usage, "conn", "add", "shop", "postgres://u@h/shop");
    }

    [Fact]
    public async Task A_saved_password_does_not_go_to_a_place_that_another_variable_names()
    {
        await SavedAsync("shop", "postgres://${PAWL_T_U}@${PAWL_T_A}/${PAWL_T_D}?socket=/tmp/${PAWL_T_S}");
        foreach (var place in new[]
        {
            "postgres://${PAWL_T_U}@${PAWL_T_B}/d?socket=/tmp/${PAWL_T_S}", "postgres://${PAWL_T_U}@${pawl_t_a}/d?socket=/tmp/${PAWL_T_S}",
            "postgres://${PAWL_T_U}@x/d?socket=/tmp/${PAWL_T_S}", "postgres://${PAWL_T_A}@${PAWL_T_A}/d?socket=/tmp/${PAWL_T_S}",
            "postgres://${PAWL_T_U}@${PAWL_T_A}/d?socket=/tmp/${PAWL_T_B}",
        })
        {
            var moved = await PawlAsync("conn", "add", "shop", place);
            Assert.True(moved.Code == 2 && moved.Err.Contains("given for another place"), $"{place}: {moved}");
        }
        var database = await PawlAsync("conn", "add", "shop", "postgres://${PAWL_T_U}@${PAWL_T_A}/${PAWL_T_E}?socket=/tmp/${PAWL_T_S}");
        Assert.True(database.Code == 0 && database.Out.Contains("its password is kept"), database.ToString());
    }

    [Fact]
    public async Task Every_change_of_the_store_is_noticed()
    {
        await SavedAsync("shop", "postgres://u@h/shop");
        await SavedAsync("house", "postgres://u@other/house");
        var whole = await File.ReadAllTextAsync(Store, TestContext.Current.CancellationToken);
        scratch.Write("job.yaml", "version: 1\nname: n\nsource: shop\ntarget: sqlite:b.db\ntables: [a]\n");
        var entries = JsonNode.Parse(whole)!["connections"]!;
        var (shop, house) = (entries["shop"]!.GetValue<string>(), entries["house"]!.GetValue<string>());
        var bytes = Convert.FromBase64String(shop);
        for (var at = 0; at < bytes.Length; at += Math.Max(1, bytes.Length / 7))
        {
            bytes[at] ^= 1;
            await NoticedAsync(whole.Replace(shop, Convert.ToBase64String(bytes)));
            bytes[at] ^= 1;
        }
        await NoticedAsync(whole.Replace(shop, "x").Replace(house, shop).Replace("\"x\"", $"\"{house}\""));
        await NoticedAsync(whole.Replace(shop, "AAAA"));
        await NoticedAsync(whole[..(whole.Length / 2)]);
        await NoticedAsync("");
        await NoticedAsync(whole.Replace("\"format\": 1", "\"format\": 2"));
        await NoticedAsync(whole.Replace("\"shop\"", "\"house\""));
        // What is left of a damaged file is not written over, a damaged entry is by saving it anew.
        await File.WriteAllTextAsync(Store, whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);
        Assert.Equal(2, (await AddAsync("shop", "postgres://u@h/shop")).Code);
        await File.WriteAllTextAsync(Store, whole.Replace(shop, "AAAA"), TestContext.Current.CancellationToken);
        await SavedAsync("shop", "postgres://u@h/shop");
        Assert.Equal(0, (await PawlAsync("validate", "job.yaml")).Code);

        async Task NoticedAsync(string changed)
        {
            await File.WriteAllTextAsync(Store, changed);
            await TellsAsync(Codes.StoreDamaged, "validate", "job.yaml");
            Assert.NotEqual(0, (await PawlAsync("conn", "list")).Code);
        }
    }

    [Fact]
    public async Task Another_key_opens_nothing_and_the_right_one_all()
    {
        var mine = Convert.ToBase64String(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());
        var added = await AddAsync("shop", "postgres://u@h/shop", Canary, ("PAWL_KEY", mine));
        Assert.True(added.Code == 0, added.ToString());
        Assert.False(File.Exists(Key));
        Assert.Equal(0, (await WithKeyAsync(mine, "conn", "list")).Code);
        Assert.Equal(0, (await WithKeyAsync(Convert.ToHexString(Convert.FromBase64String(mine)), "conn", "list")).Code);
        foreach (var wrong in new[] { Convert.ToBase64String(new byte[32]), "short", null })
        {
            var told = await WithKeyAsync(wrong, "conn", "list");
            Assert.True(told.Code == 2 && told.Err.Contains(Codes.StoreLocked), told.ToString());
            Assert.Equal(2, (await AddAsync("other", "postgres://u@h/d", Canary, ("PAWL_KEY", wrong))).Code);
            Assert.False(File.Exists(Key), "no key is made beside connections that have another");
        }
        Assert.Equal(0, (await PawlAsync("conn", "remove", "shop")).Code);

        Task<PawlExit> WithKeyAsync(string? key, params string[] words) => PawlProcess.RunAsync(scratch, words, ("PAWL_KEY", key));
    }

    [Fact]
    public async Task A_key_that_others_may_read_is_not_used()
    {
        await SavedAsync("shop", "postgres://u@h/shop");
        File.SetUnixFileMode(Key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var told = await PawlAsync("conn", "list");
        Assert.True(told.Code == 2 && told.Err.Contains(Codes.StoreLocked) && told.Err.Contains("chmod 600"), told.ToString());
        File.Delete(Key);
        await TellsAsync(Codes.StoreLocked, "conn", "list");
        Assert.Equal(2, (await AddAsync("other", "postgres://u@h/d")).Code);
    }

    [Fact]
    public async Task Writers_at_the_same_time_lose_nothing_of_each_other()
    {
        var writers = Enumerable.Range(1, 8).Select(i => PawlAsync("conn", "add", $"c{i}", $"sqlite:{i}.db")).ToArray();
        foreach (var end in await Task.WhenAll(writers)) Assert.True(end.Code == 0, end.ToString());
        var list = await PawlAsync("conn", "list");
        Assert.True(list.Code == 0, list.ToString());
        for (var i = 1; i <= 8; i++) Assert.Contains($"c{i} ", list.Out);
        Assert.Equal(["connections.json", "connections.json.lock", "connections.key"],
            Directory.EnumerateFiles(scratch.Home).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_job_may_name_its_connections_in_every_verb()
    {
        using var shop = await CliShop.CreateAsync(40);
        Assert.Equal(0, (await shop.RunAsync("conn", "add", "shop", "sqlite:shop.db")).Code);
        Assert.Equal(0, (await shop.RunAsync("conn", "add", "copy", "sqlite:copy.db")).Code);
        Directory.CreateDirectory(shop.At.At("jobs"));
        var init = await shop.RunAsync("init", "--from", "shop", "--to", "copy", "-o", "jobs/job.yaml");
        Assert.True(init.Code == 0, init.ToString());
        var text = await File.ReadAllTextAsync(shop.At.At("jobs/job.yaml"), TestContext.Current.CancellationToken);
        Assert.Contains("source: shop\ntarget: copy\n", text);
        foreach (var verb in new[] { "validate", "doctor", "plan", "run", "progress", "verify" })
        {
            var exit = await shop.RunAsync(verb, "jobs/job.yaml");
            Assert.True(exit.Code == 0, $"{verb}: {exit}");
        }
        Assert.Equal(0, await shop.DifferencesAsync());
        var test = await shop.RunAsync("conn", "test", "shop");
        Assert.True(test.Code == 0 && test.Out.Contains("✓ reached"), test.ToString());
        var found = await shop.RunAsync("conn", "discover", "shop", "--json");
        Assert.Equal(["customers", "orders"], found.Last().GetProperty("data").GetProperty("tables").EnumerateArray()
            .Select(t => t.GetProperty("table").GetString()));
        shop.At.Write("jobs/job.yaml", "version: 1\nname: n\nsource: shpo\ntarget: copy\ntables: [orders]\n");
        var near = await shop.RunAsync("run", "jobs/job.yaml");
        Assert.True(near.Code == 2 && near.Err.Contains(Codes.ConnectionUnknown), near.ToString());
        Assert.Contains("did you mean shop?", near.Err);
        foreach (var words in new[] { "conn test shpo", "conn discover shpo", "conn remove shpo", "doctor shpo" })
        {
            var misspelt = await shop.RunAsync(words.Split(' '));
            Assert.True(misspelt.Code == 2 && misspelt.Err.Contains("Did you mean shop?"), $"{words}: {misspelt}");
        }
    }
}
