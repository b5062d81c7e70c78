using Pawl.Conformance;

namespace Pawl.Connectors.Tests.Files;

public sealed class CsvSink_Conformance : FilesSink_Conformance
{
    protected override ValueTask<ISinkFixture> OpenAsync() => ValueTask.FromResult<ISinkFixture>(new FilesSinkFixture("csv"));
}

public sealed class JsonlGzipSink_Conformance : FilesSink_Conformance
{
    protected override ValueTask<ISinkFixture> OpenAsync() =>
        ValueTask.FromResult<ISinkFixture>(new FilesSinkFixture("jsonl", ("compression", "gzip")));
}

public abstract class FilesSink_Conformance : SinkSuite
{
    protected override Deviation? RejectsDuplicates => new("a file has no key: a row that is there again is one row more");
    protected override Deviation? Upsert => new("a row of a file cannot be found by its key");
}

public sealed class CsvFaults_Conformance : FaultsSuite
{
    protected override ValueTask<ISinkFixture> OpenAsync() => ValueTask.FromResult<ISinkFixture>(new FilesSinkFixture("csv"));
}

public sealed class CsvTypes_Conformance : TypesSuite
{
    protected override ValueTask<ITypesFixture> OpenAsync() => ValueTask.FromResult<ITypesFixture>(new FilesSinkFixture("csv"));
}

/// <summary>Everything that can be set otherwise is.</summary>
public sealed class CsvOddTypes_Conformance : TypesSuite
{
    protected override ValueTask<ITypesFixture> OpenAsync() => ValueTask.FromResult<ITypesFixture>(new FilesSinkFixture("csv",
        ("delimiter", ";"), ("quote", "'"), ("escape", "\\"), ("null", "123"), ("header", "no"), ("line_end", "crlf"),
        ("compression", "gzip")));
}

public sealed class JsonlTypes_Conformance : TypesSuite
{
    protected override ValueTask<ITypesFixture> OpenAsync() => ValueTask.FromResult<ITypesFixture>(new FilesSinkFixture("jsonl"));
}
