using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Cli.Hosting;

/// <summary>
/// Saved connections in <c>connections.json</c> of Pawl's folder. Names are readable; address and password of each are sealed together,
/// with the name as part of the seal, so that no entry can be changed or put in another's place unnoticed. That an entry was taken out, or
/// the whole file is an older one of our own, cannot be told. Readers need no lock; writers take turns. Thread-safe.
/// </summary>
internal sealed class SavedConnections(string folder, TimeProvider time) : IConnectionBook
{
    private const int Format = 1;
    private const int MostBytes = 4 << 20;
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5), Pause = TimeSpan.FromMilliseconds(25);
    private readonly Lock gate = new();
    private Content? content;

    public const int LongestName = 64;

    public string File { get; } = Path.Combine(folder, "connections.json");

    private string KeyFile => Path.Combine(folder, "connections.key");

    public IReadOnlyList<string> Names => [.. Known.Entries.Keys.Order(StringComparer.Ordinal)];

    private Content Known
    {
        get
        {
            lock (gate) return content ??= Load();
        }
    }

    public static SavedConnections InHome() => new(Home.Folder, TimeProvider.System);

    /// <summary>The text can be a name: letters, digits, <c>_</c> and <c>-</c>.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= LongestName
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') && text[0] != '-';

    /// <exception cref="PawlException"><see cref="Codes.StoreLocked"/>, <see cref="Codes.StoreDamaged"/>.</exception>
    public SavedConnection? Find(string name)
    {
        var known = Known;
        if (!known.Entries.TryGetValue(name, out var entry)) return null;
        using var key = Key(known, create: false);
        if (key.Open(entry, Seal(name)) is not { } plain)
        {
            throw Damaged(Both($"the entry {name} is not as Pawl wrote it", $"条目 {name} 不是 Pawl 写下的样子"));
        }
        using var read = JsonDocument.Parse(plain);
        var (address, at, password) = (read.RootElement.GetProperty("address"), read.RootElement.GetProperty("folder"),
            read.RootElement.GetProperty("password"));
        return new SavedConnection(name, address.GetString()!, at.GetString()!, password.GetString());
    }

    /// <summary>Saves under the connection's name, in place of what was there.</summary>
    /// <exception cref="PawlException">
    /// <see cref="Codes.StoreLocked"/>, <see cref="Codes.StoreDamaged"/>, <see cref="Codes.Busy"/>.
    /// </exception>
    public Task SaveAsync(SavedConnection connection, CancellationToken ct) => ChangeAsync(known =>
    {
        using var key = Key(known, create: true);
        var plain = Json(json =>
        {
            json.WriteString("address", connection.Address);
            json.WriteString("folder", connection.Folder);
            json.WriteString("password", connection.Password);
        });
        var entries = new SortedDictionary<string, byte[]>(known.Entries, StringComparer.Ordinal)
        {
            [connection.Name] = key.Seal(plain, Seal(connection.Name)),
        };
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(plain);
        return new Content(key.Fingerprint, entries);
    }, ct);

    /// <summary>Whether there was one. Needs no key.</summary>
    public async Task<bool> RemoveAsync(string name, CancellationToken ct)
    {
        var removed = false;
        await ChangeAsync(known =>
        {
            var entries = new SortedDictionary<string, byte[]>(known.Entries, StringComparer.Ordinal);
            removed = entries.Remove(name);
            return removed ? known with { Entries = entries } : null;
        }, ct);
        return removed;
    }

    /// <param name="change">From what is there to what is to be there; null = leave it.</param>
    private async Task ChangeAsync(Func<Content, Content?> change, CancellationToken ct)
    {
        DurableFile.CreateFolder(folder);
        var lockFile = File + ".lock";
        var began = time.GetTimestamp();
        FileStream? held;
        while ((held = DurableFile.TryHold(lockFile)) is null)
        {
            if (time.GetElapsedTime(began) > LongestWait)
            {
                throw new PawlException(Fault.Transient, Codes.Busy, ("file", lockFile), ("what", Both("store of connections", "连接存储")));
            }
            await Task.Delay(Pause, time, ct);
        }
        using (held)
        {
            if (change(Load()) is not { } changed) return;
            DurableFile.Replace(File, Json(json =>
            {
                json.WriteNumber("format", Format);
                json.WriteString("key", changed.Key);
                json.WriteStartObject("connections");
                foreach (var (name, entry) in changed.Entries) json.WriteString(name, Convert.ToBase64String(entry));
                json.WriteEndObject();
            }));
            lock (gate) content = changed;
        }
    }

    private StoreKey Key(Content known, bool create)
    {
        var key = StoreKey.Take(KeyFile, create && known.Entries.Count == 0);
        if (known.Entries.Count == 0 || key.Fingerprint == known.Key) return key;
        key.Dispose();
        throw new PawlException(Fault.Configuration, Codes.StoreLocked, ("key_file", KeyFile), ("file", File),
            ("cause", Both($"the connections were sealed with another key ({known.Key})", $"这些连接是用另一把密钥（{known.Key}）加密的")));
    }

    private Content Load()
    {
        byte[] bytes;
        try
        {
            if (new FileInfo(File) is { Exists: true, Length: > MostBytes }) throw Damaged(Both("it is far too large", "文件过大"));
            bytes = System.IO.File.ReadAllBytes(File);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Content("", new SortedDictionary<string, byte[]>());
        }
        catch (UnauthorizedAccessException)
        {
            throw new PawlException(Fault.Permission, Codes.AccessDenied, ("file", File), ("right", "read"));
        }
        try
        {
            using var read = JsonDocument.Parse(bytes);
            var root = read.RootElement;
            if (root.GetProperty("format").GetInt32() is var format && format != Format)
            {
                throw Damaged(Both($"it has format {format}, this program knows format {Format}",
                    $"其格式为 {format}，本程序只认识格式 {Format}"));
            }
            var entries = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
            foreach (var entry in root.GetProperty("connections").EnumerateObject())
            {
                var isNew = IsName(entry.Name) && entries.TryAdd(entry.Name, entry.Value.GetBytesFromBase64());
                if (!isNew) throw Damaged(Both("an entry's name is none, or there twice", "条目的名字无效或重复"));
            }
            return new Content(root.GetProperty("key").GetString() ?? "", entries);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Damaged(Both("it cannot be read as what Pawl writes", "不是 Pawl 所写的内容"));
        }
    }

    private PawlException Damaged(string cause) => new(Fault.Configuration, Codes.StoreDamaged, ("file", File), ("cause", cause));

    private static byte[] Seal(string name) => Encoding.UTF8.GetBytes("pawl connection 1\n" + name);

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <param name="Key">Fingerprint of the key the entries are sealed with.</param>
    private sealed record Content(string Key, SortedDictionary<string, byte[]> Entries);
}
