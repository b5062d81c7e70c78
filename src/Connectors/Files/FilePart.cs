using System.IO.Compression;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// A part while it is written: a hidden file beside the published ones, which gets its name when its transaction commits. Disposing removes
/// what was not published. Blocking; one caller at a time.
/// </summary>
internal sealed class FilePart : IDisposable
{
    private readonly FileBuffer buffer = new();
    private readonly RecordWriter records;
    private readonly FileStream file;
    private readonly Stream content;
    private bool isFinished, isPublished;

    /// <param name="unique">Nobody else writes to a file of that name.</param>
    /// <exception cref="PawlException">The folder is gone or cannot be written.</exception>
    public FilePart(FilesTarget target, TablePlan plan, LaneId lane, string unique)
    {
        (Plan, Lane) = (plan, lane);
        Folder = target.FolderOf(plan.Target);
        Stem = FilesNames.Stem(lane, plan);
        Path = System.IO.Path.Combine(Folder, $".{Stem}{unique}.tmp");
        records = new RecordWriter(plan, target.Options);
        try
        {
            file = new FileStream(Path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 0);
        }
        catch (DirectoryNotFoundException)
        {
            throw plan.TargetGone();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FilesFaults.Classify(e, Path);
        }
        content = target.Options.IsPacked ? new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true) : file;
        try
        {
            records.Header(buffer);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public TablePlan Plan { get; }
    public LaneId Lane { get; }
    public string Folder { get; }
    public string Stem { get; }
    public string Path { get; }
    public long Rows { get; private set; }
    public long Bytes { get; private set; }

    /// <returns>Rows written; the others are among <paramref name="rejected"/>.</returns>
    public long Write(RowBatch batch, List<RejectedRow> rejected) => Guarded(() =>
    {
        var rows = records.Write(Lane, batch, buffer, rejected, HandOn);
        Rows += rows;
        return rows;
    });

    /// <summary>Everything of it is on the disk.</summary>
    public void Finish() => Guarded(() =>
    {
        if (isFinished) return 0;
        HandOn(buffer);
        if (content != file) content.Dispose();
        file.Flush(flushToDisk: true);
        Bytes = file.Length;
        file.Dispose();
        isFinished = true;
        return 0;
    });

    /// <summary>Gives it its name. Inside the gate.</summary>
    public void Publish(string name)
    {
        try
        {
            File.Move(Path, System.IO.Path.Combine(Folder, name), overwrite: true);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            if (!Directory.Exists(Folder)) throw Plan.TargetGone();
            // Whoever prepares the table removes what is half written: a holder after us, who has not come to this lane yet.
            throw new PawlException(Fault.Transient, Codes.CommitRefused, e, ("file", Path));
        }
        isPublished = true;
    }

    public void Dispose()
    {
        buffer.Dispose();
        try
        {
            if (!isFinished && content != file) content.Dispose();
        }
        catch (IOException)
        {
            // It is thrown away: what could not be written of it is missed by nobody.
            isFinished = false;
        }
        file.Dispose();
        if (!isPublished) FilesTarget.Remove(Path);
    }

    private void HandOn(FileBuffer written)
    {
        content.Write(written.Written);
        written.Cut(0);
    }

    private T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FilesFaults.Classify(e, Path);
        }
    }
}
