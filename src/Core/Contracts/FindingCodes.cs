namespace Pawl.Contracts;

/// <summary>What a look can find, in words that fit any system. Each has a text in every language (a test holds this).</summary>
public static class FindingCodes
{
    public const string Reached = "probe.reached";
    public const string FileNew = "probe.file.new";
    public const string Version = "probe.version";
    public const string VersionOld = "probe.version.old";
    public const string Encrypted = "probe.encrypted";
    public const string EncryptedLocal = "probe.encrypted.local";
    public const string EncryptedUnchecked = "probe.encrypted.unchecked";
    public const string EncryptedNot = "probe.encrypted.not";
    public const string Primary = "probe.primary";
    public const string Standby = "probe.standby";
    public const string Replica = "probe.replica";
    public const string ReplicaWritten = "probe.replica.written";
    public const string Encoding = "probe.encoding";
    public const string EncodingNone = "probe.encoding.none";
    public const string Zone = "probe.zone";
    public const string Log = "probe.log";
    public const string Durable = "probe.durable";
    public const string DurableOff = "probe.durable.off";
    public const string DurableLate = "probe.durable.late";
    public const string Overridden = "probe.overridden";
    public const string Connections = "probe.connections";
    public const string ConnectionsFew = "probe.connections.few";
    public const string ConnectionsLimit = "probe.connections.limit";
    public const string LoadOff = "probe.load.off";
    public const string ValuesSmall = "probe.values.small";
    public const string NamesFolded = "probe.names.folded";
    public const string Tables = "probe.tables";
    public const string Statistics = "probe.statistics";
    public const string StatisticsMissing = "probe.statistics.missing";
    public const string StatisticsStale = "probe.statistics.stale";
    public const string Space = "probe.space";
    public const string SpaceShort = "probe.space.short";
    public const string SpaceUnseen = "probe.space.unseen";
    public const string RightsRead = "probe.rights.read";
    public const string RightsWrite = "probe.rights.write";
    public const string RightMissing = "probe.right.missing";
    public const string RightTakeOver = "probe.right.take-over";
    public const string RightRestart = "probe.right.restart";
    public const string RightSnapshot = "probe.right.snapshot";
    public const string RowsHidden = "probe.rows.hidden";
    public const string Keyless = "probe.keyless";
    public const string Triggers = "probe.triggers";
    public const string Journal = "probe.journal";
    public const string LedgerApart = "probe.ledger.apart";
}
