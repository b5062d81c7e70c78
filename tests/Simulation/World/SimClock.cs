namespace Pawl.Simulation;

/// <summary>A process's clocks: a monotonic one that never jumps, and a wall clock that may. Timers go by the monotonic one.</summary>
internal sealed class SimClock(World world, SimProcess process) : TimeProvider
{
    public static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Wall clock minus true time, in ticks.</summary>
    public long WallOffset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    public override long GetTimestamp() => world.Now + 1_000_000_000L;
    public override DateTimeOffset GetUtcNow() => Epoch.AddTicks(world.Now + WallOffset);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(world, process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(World world, SimProcess process, TimerCallback callback, object? state) : ITimer
    {
        private int version;
        private TimeSpan period;

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            version++;
            period = newPeriod;
            if (dueTime != Timeout.InfiniteTimeSpan) Arm(dueTime.Ticks, version);
            return true;
        }

        private void Arm(long ticks, int armed) => world.After(ticks, () =>
        {
            if (armed != version || !process.Alive) return;
            process.Post(_ => Fire(armed), null);
        });

        private void Fire(int armed)
        {
            if (armed != version) return;
            if (period > TimeSpan.Zero) Arm(period.Ticks, armed);
            callback(state);
        }

        public void Dispose() => version++;

        public ValueTask DisposeAsync()
        {
            version++;
            return ValueTask.CompletedTask;
        }
    }
}
