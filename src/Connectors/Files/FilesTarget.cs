using System.Text;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Files;

/// <summary>
/// The folders of a target's tables and what lies in them. What changes something is called inside the gate (<see cref="FilesGate"/>), with
/// the transaction it belongs to. Blocking.
/// </summary>
internal sealed class FilesTarget(string root, FilesOptions options)
{
    public string Root => root;
    public FilesOptions Options => options;

    /// <summary>The folder of an address, however it is written.</summary>
    public static string RootOf(Endpoint at) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(at.Path));

    public string FolderOf(TableName table) => Path.Combine(root, FilesNames.Folder(table));

    public TargetState Inspect(TablePlan plan)
    {
        var folder = FolderOf(plan.Target);
        if (!Directory.Exists(folder)) return new TargetState(false, false, null);
        var hasRows = Visible(folder).Any();
        if (TableCard.Read(folder) is not { } card || card.Table != plan.Target.ToString()) return new TargetState(hasRows, hasRows, null);
        return new TargetState(true, hasRows, new TableSchema
        {
            Name = plan.Target, Columns = card.Columns, Key = new KeySchema([], KeyKind.None), Identity = folder,
        });
    }

    /// <summary>
    /// Makes the folder with its card, or makes sure that it is as the last run left it: what was never committed goes, and what was
    /// committed is there.
    /// </summary>
    public void Prepare(TablePlan plan, string job, ControlView view)
    {
        var folder = FolderOf(plan.Target);
        var known = Known(plan, view);
        if (!Directory.Exists(folder))
        {
            if (known.Count > 0) throw plan.TargetGone();
            Directory.CreateDirectory(folder);
            FilesDisk.SyncFolder(root);
        }
        Remove(Path.Combine(folder, FilesNames.Success));
        Sweep(plan, job, known);
        Check(plan, known);
        var wanted = TableCard.Of(plan.Target, plan.TargetSchema);
        var card = TableCard.Read(folder);
        if (card is not null && card.Table != wanted.Table)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetClash, ("table", card.Table), ("other", wanted.Table),
                ("target", folder));
        }
        var isFilled = Visible(folder).Any();
        if (card is null && isFilled) throw new PawlException(Fault.Configuration, Codes.TargetNotEmpty, ("table", plan.Target));
        if (isFilled && !card!.Fits(wanted))
        {
            var column = wanted.Columns.Select(c => c.Name).Except(card.Columns.Select(c => c.Name)).FirstOrDefault()
                ?? card.Columns.Select(c => c.Name).Except(wanted.Columns.Select(c => c.Name)).FirstOrDefault() ?? wanted.Columns[0].Name;
            throw new PawlException(Fault.Schema, Codes.TargetColumnMissing, ("table", plan.Target), ("column", column));
        }
        if (!isFilled && !wanted.Equals(card)) wanted.Write(folder);
    }

    /// <summary>All parts are there and nothing else of the job is; says so to those who wait for it.</summary>
    public void Finish(TablePlan plan, string job, ControlView view)
    {
        var folder = FolderOf(plan.Target);
        if (TableCard.Read(folder) is null) throw plan.TargetGone();
        var known = Known(plan, view);
        Sweep(plan, job, known);
        Check(plan, known);
        // Rows that others append come and go: nobody can say when they are all there.
        if (plan.Write == WriteMode.Append) return;
        var (rows, bytes) = (known.Values.Sum(p => p.Rows), known.Values.Sum(p => p.Bytes));
        FilesDisk.WriteWhole(Path.Combine(folder, FilesNames.Success), Encoding.ASCII.GetBytes(
            FormattableString.Invariant($"{{\"parts\":{known.Count},\"rows\":{rows},\"bytes\":{bytes}}}\n")));
    }

    /// <summary>Takes the parts of a table out of the books; the files go once that is durable (<see cref="Sweep"/>).</summary>
    public void Empty(TablePlan plan, string job, ControlView view)
    {
        foreach (var row in Rows(plan, view).ToList())
        {
            if ((string)row[ControlRows.At(ControlRows.Part, "job")]! == job) view.Remove(ControlRows.Part, row);
        }
        var owner = FilesNames.Owner(job);
        var folder = FolderOf(plan.Target);
        if (!Directory.Exists(folder) || Visible(folder).All(name => name.StartsWith(owner, StringComparison.Ordinal))) return;
        throw new PawlException(Fault.Configuration, Codes.TargetNotEmpty, ("table", plan.Target));
    }

    /// <summary>Removes the files of the job that are not in the books: half written, never committed, or of an older generation.</summary>
    public void Sweep(TablePlan plan, string job, IReadOnlyDictionary<string, KnownPart> known)
    {
        var (owner, folder) = (FilesNames.Owner(job), FolderOf(plan.Target));
        if (!Directory.Exists(folder)) return;
        foreach (var path in Directory.EnumerateFiles(folder).ToList())
        {
            var name = Path.GetFileName(path);
            var isHalf = name.StartsWith("." + owner, StringComparison.Ordinal) && name.EndsWith(".tmp", StringComparison.Ordinal);
            if (isHalf || (name.StartsWith(owner, StringComparison.Ordinal) && !known.ContainsKey(name))) File.Delete(path);
        }
    }

    /// <summary>The table's parts in the books, of all jobs, by name.</summary>
    public static Dictionary<string, KnownPart> Known(TablePlan plan, ControlView view) => Rows(plan, view)
        .Select(row => new KnownPart((string)row[1]!, (long)row[4]!, (long)row[5]!)).ToDictionary(p => p.Name, StringComparer.Ordinal);

    /// <summary>The next free name of a lane.</summary>
    public string NameFor(FilePart part, ControlView view)
    {
        long last = 0;
        foreach (var known in Known(part.Plan, view).Keys.Where(name => name.StartsWith(part.Stem, StringComparison.Ordinal)))
        {
            var digits = known.AsSpan(part.Stem.Length);
            digits = digits[..digits.IndexOf('.')];
            last = Math.Max(last, long.Parse(digits, System.Globalization.CultureInfo.InvariantCulture));
        }
        return FilesNames.Part(part.Stem, last + 1, options.Ending);
    }

    /// <summary>As far as it can be; whoever holds the table next does it again.</summary>
    public static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Its folder is gone, or nothing can be changed in it any more: what is at fault is said by what follows.
            return;
        }
    }

    private void Check(TablePlan plan, IReadOnlyDictionary<string, KnownPart> known)
    {
        var folder = FolderOf(plan.Target);
        foreach (var part in known.Values)
        {
            var file = Path.Combine(folder, part.Name);
            var size = FileStat.Of(file, follow: false) is { Kind: FileKind.File } there ? there.Size : -1;
            if (size == part.Bytes) continue;
            throw new PawlException(Fault.PositionLost, Codes.PartChanged, ("table", plan.Target), ("file", file),
                ("cause", size < 0 ? "it is gone" : FormattableString.Invariant($"it has {size} bytes and had {part.Bytes}")));
        }
    }

    private static IEnumerable<object?[]> Rows(TablePlan plan, ControlView view)
    {
        var target = plan.Target.ToString();
        return view.All(ControlRows.Part).Where(row => (string)row[0]! == target);
    }

    /// <summary>Names of the files that a reader sees.</summary>
    private static IEnumerable<string> Visible(string folder) =>
        Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Where(name => name[0] is not ('.' or '_'));
}

/// <summary>A published file as the books have it.</summary>
internal sealed record KnownPart(string Name, long Rows, long Bytes);
