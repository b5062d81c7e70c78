namespace Pawl.Model;

/// <summary>
/// Every error code, grouped by whose turn it is. A code is never reused. Each has a text, a cause and a command that helps (a test holds
/// this).
/// </summary>
public static class Codes
{
    // 1xx the job file and the command line
    public const string JobFileMissing = "PAWL-101";
    public const string JobSyntax = "PAWL-102";
    public const string JobFieldUnknown = "PAWL-103";
    public const string JobFieldMissing = "PAWL-104";
    public const string JobValueInvalid = "PAWL-105";
    public const string JobFieldLater = "PAWL-106";
    public const string SecretMissing = "PAWL-107";
    public const string PatternEmpty = "PAWL-108";
    public const string TargetClash = "PAWL-109";
    public const string ConfirmationNeeded = "PAWL-110";
    public const string Usage = "PAWL-111";
    public const string SecretOnCommandLine = "PAWL-112";
    public const string ShardsAlike = "PAWL-113";
    public const string CheckpointInvalid = "PAWL-114";

    // 2xx endpoints
    public const string SchemeUnknown = "PAWL-201";
    public const string OptionUnknown = "PAWL-202";
    public const string OptionInvalid = "PAWL-203";
    public const string FileMissing = "PAWL-204";
    public const string FileIsDirectory = "PAWL-205";
    public const string AccessDenied = "PAWL-206";
    public const string NotADatabase = "PAWL-207";
    public const string DatabaseCorrupt = "PAWL-208";
    public const string SourceIsTarget = "PAWL-209";
    public const string LoginRefused = "PAWL-210";
    public const string TlsRefused = "PAWL-211";
    public const string GrantMissing = "PAWL-212";
    public const string DatabaseMissing = "PAWL-213";
    public const string ServerReadOnly = "PAWL-214";
    public const string ConnectionUnknown = "PAWL-215";
    public const string StoreLocked = "PAWL-216";
    public const string StoreDamaged = "PAWL-217";
    public const string FileDamaged = "PAWL-218";
    public const string ServerUnfit = "PAWL-219";
    public const string FolderExpected = "PAWL-220";
    public const string AnswerTooLarge = "PAWL-221";

    // 3xx schema and plan
    public const string TableMissing = "PAWL-301";
    public const string ColumnMissing = "PAWL-302";
    public const string KeyUnfit = "PAWL-303";
    public const string KeyNull = "PAWL-304";
    public const string TargetNotEmpty = "PAWL-305";
    public const string TargetColumnMissing = "PAWL-306";
    public const string TargetTypeUnfit = "PAWL-307";
    public const string NameTooLong = "PAWL-308";
    public const string UpsertNeedsKey = "PAWL-309";
    public const string ExpressionInvalid = "PAWL-310";
    public const string TargetTableMissing = "PAWL-311";
    public const string ReservedName = "PAWL-312";
    public const string ColumnClash = "PAWL-313";
    public const string TargetDependent = "PAWL-314";
    public const string CursorUnfit = "PAWL-315";
    public const string RereadNeedsUpsert = "PAWL-316";
    public const string LagNeeded = "PAWL-317";
    public const string SourceEmpty = "PAWL-318";
    public const string CannotPublish = "PAWL-319";
    public const string PublicationDiffers = "PAWL-320";
    public const string ShardsDiffer = "PAWL-322";
    public const string ReferenceCycle = "PAWL-323";
    public const string ReferenceFailed = "PAWL-324";
    public const string DriftNeedsReread = "PAWL-325";
    public const string TargetNotEvolved = "PAWL-326";
    public const string PartChanged = "PAWL-328";

    // 4xx cannot go on from where it was
    public const string SourceReplaced = "PAWL-401";
    public const string TableRecreated = "PAWL-402";
    public const string SchemaChanged = "PAWL-403";
    public const string DefinitionChanged = "PAWL-404";
    public const string TargetTruncated = "PAWL-405";
    public const string JobNameTaken = "PAWL-406";
    public const string FormatTooNew = "PAWL-407";
    public const string PositionUnreadable = "PAWL-408";
    public const string LedgerInconsistent = "PAWL-409";
    public const string JobUnknown = "PAWL-410";
    public const string SnapshotLost = "PAWL-411";
    public const string SourceWentBack = "PAWL-412";
    public const string FileReplaced = "PAWL-413";
    public const string StageLost = "PAWL-414";
    public const string NotPublished = "PAWL-415";
    public const string ImportRefused = "PAWL-417";
    public const string RewindImpossible = "PAWL-418";
    public const string TargetWentBack = "PAWL-419";

    // 5xx ownership
    public const string JobHeld = "PAWL-501";
    public const string Fenced = "PAWL-502";

    // 6xx rows
    public const string RowRefused = "PAWL-601";
    public const string TypeMismatch = "PAWL-602";
    public const string RejectLimit = "PAWL-603";
    public const string ValueTooLarge = "PAWL-604";
    public const string CountsDiffer = "PAWL-605";
    public const string DigestsDiffer = "PAWL-606";
    public const string TextUnfit = "PAWL-607";
    public const string NullRefused = "PAWL-608";
    public const string DuplicateRefused = "PAWL-609";
    public const string ReferenceMissing = "PAWL-610";
    public const string CheckFailed = "PAWL-611";
    public const string ValueBeyond = "PAWL-612";
    public const string RecordBroken = "PAWL-613";

    // 7xx temporary
    public const string Busy = "PAWL-701";
    public const string DiskFull = "PAWL-702";
    public const string InputOutput = "PAWL-703";
    public const string CommitUnknown = "PAWL-704";
    public const string Unreachable = "PAWL-705";
    public const string RetryBudget = "PAWL-706";
    public const string CommitRefused = "PAWL-707";
    public const string TooManyConnections = "PAWL-708";
    public const string StatementCancelled = "PAWL-709";
    public const string ReplicaBehind = "PAWL-710";
    public const string TargetAltered = "PAWL-711";
    public const string TransactionsOpen = "PAWL-712";

    // 9xx ours
    public const string BooksDoNotBalance = "PAWL-901";
    public const string ContractBroken = "PAWL-902";
    public const string Unexpected = "PAWL-903";
}
