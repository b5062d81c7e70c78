using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>A session lent for one read. Disposing gives it back to where it came from.</summary>
/// <param name="IsHeld">Of a held moment.</param>
internal sealed record MyLease(MyConnection Connection, bool IsHeld, Func<MyConnection, ValueTask> Back) : IAsyncDisposable
{
    private bool isBack;

    public async ValueTask DisposeAsync()
    {
        if (isBack) return;
        isBack = true;
        await Back(Connection).ConfigureAwait(false);
    }
}
