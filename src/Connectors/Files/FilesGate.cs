using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// The one lock of a target folder: whoever is inside is alone with the journal and the published files, in this process and among all. It
/// is an advisory lock on a file and ends with its process. Held for moments only. Thread-safe.
/// </summary>
internal sealed class FilesGate(string path, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(5);
    private readonly SemaphoreSlim own = new(1, 1);

    public string Path => path;

    /// <exception cref="PawlException"><see cref="Codes.Busy"/> when another process stays inside; what the file system says.</exception>
    public async Task<IDisposable> EnterAsync(CancellationToken ct)
    {
        await own.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var began = time.GetTimestamp();
            while (true)
            {
                if (TryLock() is { } file) return new Inside(this, file);
                if (time.GetElapsedTime(began) > Patience)
                {
                    throw new PawlException(Fault.Transient, Codes.Busy, ("file", path), ("holder", FilesLocks.Holder(path)));
                }
                await Task.Delay(Pause, time, ct).ConfigureAwait(false);
            }
        }
        catch
        {
            own.Release();
            throw;
        }
    }

    /// <summary>Null while another process is inside.</summary>
    private FileStream? TryLock()
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 0);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException)
        {
            throw FilesFaults.Classify(e, path);
        }
        catch (IOException)
        {
            // The share violation, which .NET does not tell apart from other causes by type: either way we are not inside.
            return null;
        }
        // Somebody may have put another file in its place between our opening and our locking it.
        if (FileStat.Of(file.SafeFileHandle, path)?.Identity == FileStat.Of(path)?.Identity) return file;
        file.Dispose();
        return null;
    }

    private sealed class Inside(FilesGate gate, FileStream file) : IDisposable
    {
        private FilesGate? held = gate;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref held, null) is not { } mine) return;
            file.Dispose();
            mine.own.Release();
        }
    }
}
