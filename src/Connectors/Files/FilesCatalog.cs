using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>A file of a table.</summary>
/// <param name="Path">Relative to the endpoint's folder, with forward slashes.</param>
/// <param name="IsPacked">It is a gzip: its name ended with .gz when it was planned.</param>
internal sealed record TableFile(string Path, FileStat Stat, bool IsPacked)
{
    public static bool IsPackedName(string name) => name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A table: one file, or all fitting files of a folder in the order of their names.</summary>
/// <param name="Card">Of a folder that Pawl wrote; null = its files say what they hold.</param>
internal sealed record FilesTable(string Name, string Identity, IReadOnlyList<TableFile> Files, TableCard? Card = null);

/// <summary>
/// The tables of a folder: every fitting file in it is one, named without its ending, and so is every folder in it that holds fitting
/// files. Symbolic links and names that begin with a dot are not looked at. Looks anew each time; thread-safe.
/// </summary>
internal sealed class FilesCatalog
{
    private readonly string? only;

    /// <exception cref="PawlException">An option is wrong, or nothing lies at the path.</exception>
    public FilesCatalog(Endpoint at)
    {
        Options = FilesOptions.Parse(at);
        var path = Path.GetFullPath(at.Path);
        var stat = FileStat.Of(path) ?? throw new PawlException(Fault.Configuration, Codes.FileMissing, ("file", path));
        only = stat.Kind == FileKind.Folder ? null : Path.GetFileName(path);
        Folder = only is null ? path : Path.GetDirectoryName(path)!;
        Identity = new SourceIdentity($"files {stat.Identity}", path);
    }

    public FilesOptions Options { get; }

    /// <summary>Absolute.</summary>
    public string Folder { get; }
    public SourceIdentity Identity { get; }

    public string Absolute(TableFile file) => Path.Combine(Folder, file.Path);

    /// <summary>In name order.</summary>
    public IReadOnlyList<FilesTable> Tables(TablePattern pattern)
    {
        try
        {
            var tables = new SortedDictionary<string, FilesTable>(StringComparer.Ordinal);
            foreach (var table in All().Where(t => pattern.Matches(t.Name)))
            {
                if (table.Name.StartsWith("pawl_", StringComparison.OrdinalIgnoreCase) || tables.TryAdd(table.Name, table)) continue;
                throw FilesOptions.Invalid("files", Options.Files.Text, $"only one of {Place(table)} and {Place(tables[table.Name])}: both "
                    + $"are the table {table.Name}");
            }
            return [.. tables.Values];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FilesFaults.Classify(e, Folder);
        }
    }

    /// <exception cref="PawlException"><see cref="Codes.TableMissing"/>.</exception>
    public FilesTable Table(TableName name) => Tables(TablePattern.Literal(name.Name)) is [var table] ? table
        : throw new PawlException(Fault.Schema, Codes.TableMissing, ("table", name), ("source", Identity.Display));

    /// <summary>
    /// The file of a stored position, under its name of then or, since it was moved, another one in the same folder.
    /// </summary>
    /// <exception cref="PawlException"><see cref="Codes.FileReplaced"/>.</exception>
    public TableFile Find(TableName table, FilePosition position)
    {
        var slash = position.Path.LastIndexOf('/');
        var folder = slash < 0 ? Folder : Path.Combine(Folder, position.Path[..slash]);
        var there = Files(folder, position.Path[..(slash + 1)]).ToArray();
        var same = there.Where(f => f.Stat.Identity == position.Identity).ToArray();
        var found = same.FirstOrDefault(f => f.Path == position.Path) ?? same.FirstOrDefault()
            ?? throw FilesFaults.Replaced(table.ToString(), Path.Combine(Folder, position.Path),
                there.Any(f => f.Path == position.Path) ? "another file lies in its place" : "it is gone");
        return found with { IsPacked = TableFile.IsPackedName(position.Path) };
    }

    /// <summary>How a file is to be read: where nothing in it names its columns, a card beside it may.</summary>
    public FilesOptions OptionsFor(TableFile file)
    {
        var slash = file.Path.LastIndexOf('/');
        var isSaid = slash < 0 || Options.Columns is not null || Options.Header;
        var card = isSaid ? null : TableCard.Read(Path.Combine(Folder, file.Path[..slash]));
        return card is null ? Options : Options with { Columns = [.. card.Columns.Select(c => c.Name)] };
    }

    private static string Place(FilesTable table) => table.Files.Count > 0 ? table.Files[0].Path : table.Name + "/";

    private IEnumerable<FilesTable> All()
    {
        foreach (var file in Files(Folder, ""))
        {
            var isWanted = only is null ? Fits(file.Path) : file.Path == only;
            if (isWanted) yield return new FilesTable(Named(file.Path), $"file {file.Stat.Identity} {Options.Hash()}", [file]);
        }
        if (only is not null) yield break;
        foreach (var path in Directory.EnumerateDirectories(Folder))
        {
            var name = Path.GetFileName(path);
            if (name.StartsWith('.') || FileStat.Of(path, follow: false) is not { Kind: FileKind.Folder } stat) continue;
            TableFile[] files = [.. Files(path, name + "/").Where(f => Fits(f.Path[(name.Length + 1)..]))
                .OrderBy(f => f.Path, StringComparer.Ordinal)];
            var card = TableCard.Read(path);
            if (files.Length == 0 && card is null) continue;
            yield return new FilesTable(card?.Table ?? name, $"folder {stat.Identity} {Options.Hash()}", files, card);
        }
    }

    private static IEnumerable<TableFile> Files(string folder, string prefix)
    {
        if (!Directory.Exists(folder)) yield break;
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            var name = Path.GetFileName(path);
            if (!name.StartsWith('.') && FileStat.Of(path, follow: false) is { Kind: FileKind.File } stat)
            {
                yield return new TableFile(prefix + name, stat, TableFile.IsPackedName(name));
            }
        }
    }

    private bool Fits(string name) => Options.Files.Matches(Unpacked(name));

    private static string Named(string name) =>
        Path.GetFileNameWithoutExtension(Unpacked(name)) is { Length: > 0 } stem ? stem : name;

    private static string Unpacked(string name) =>
        TableFile.IsPackedName(name) ? name[..^3] : name;
}
