using Pawl.Telemetry;

namespace Pawl.Cli.Demo;

/// <summary>Where the worker is killed: inside the n-th transaction that writes rows, drawn from a seed. Immutable.</summary>
/// <param name="Point">A point that is only passed while a transaction is open.</param>
/// <param name="Transaction">1-based.</param>
internal sealed record CrashPlan(string Point, int Transaction)
{
    /// <summary>Rows per commit of the demo's job.</summary>
    public const int GroupRows = 5_000;

    /// <summary>Fewer transactions than the whole copy needs at least, so that the n-th is always reached.</summary>
    private static int Fewest => (ShopSource.Customers + ShopSource.Orders + ShopSource.Items) / GroupRows;

    public string Text => FormattableString.Invariant($"{Point}:{Transaction}");

    public static CrashPlan Draw(long seed)
    {
        var random = new Random((int)(seed ^ (seed >> 32)) & int.MaxValue);
        var point = random.Next(2) == 0 ? CrashPoint.RowsWritten : CrashPoint.LedgerWritten;
        return new CrashPlan(point, random.Next(Fewest / 5, Fewest * 4 / 5));
    }
}
