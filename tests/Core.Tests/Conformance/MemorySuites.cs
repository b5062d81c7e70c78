using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Core.Tests.Conformance;

/// <summary>Without a bug all suites pass: xunit runs them as they are.</summary>
public sealed class MemorySource_Conformance : SourceSuite
{
    public MemoryBug Bug { get; init; }
    protected override ValueTask<ISourceFixture> OpenAsync() => ValueTask.FromResult<ISourceFixture>(new MemoryFixture(Bug));
}

public sealed class MemorySink_Conformance : SinkSuite
{
    public MemoryBug Bug { get; init; }
    protected override ValueTask<ISinkFixture> OpenAsync() => ValueTask.FromResult<ISinkFixture>(new MemoryFixture(Bug));
}

public sealed class MemoryFaults_Conformance : FaultsSuite
{
    public MemoryBug Bug { get; init; }
    protected override ValueTask<ISinkFixture> OpenAsync() => ValueTask.FromResult<ISinkFixture>(new MemoryFixture(Bug));
}

public sealed class MemoryTypes_Conformance : TypesSuite
{
    public MemoryBug Bug { get; init; }
    protected override ValueTask<ITypesFixture> OpenAsync() => ValueTask.FromResult<ITypesFixture>(new MemoryFixture(Bug));
}

public sealed class MemorySpec_Conformance : SpecSuite
{
    public MemoryBug Bug { get; init; }
    protected override Connector Connector => new MemoryConnector { Bug = Bug };

    protected override Endpoint WithSecrets(string secret) => new()
    {
        Scheme = "memory",
        Password = secret,
        Display = Bug == MemoryBug.PrintsPassword ? $"memory:x?token={secret}" : "memory:x",
    };

    protected override Endpoint Unreachable => new() { Scheme = "memory", Path = "nowhere" };
}

public sealed class MemoryConnector : Connector, IWritesTables
{
    public MemoryBug Bug { get; init; }

    public override ConnectorSpec Spec => new()
    {
        Name = "Memory",
        Schemes = ["memory"],
        Description = Bug == MemoryBug.EmptyDescription ? "" : "Tables in the memory of the test process.",
        Options =
        [
            new("size", Bug == MemoryBug.UndocumentedOption ? "" : "Rows kept at most, 1 to 100.", "10")
            {
                Chinese = Bug == MemoryBug.OptionInOneLanguage ? "" : "最多保留的行数，1 到 100。",
            },
        ],
        Limits = new ConnectorLimits { MaxWriters = Bug == MemoryBug.NoWriters ? 0 : 1 },
    };

    public override ValueTask<ProbeReport> ProbeAsync(ProbeRequest request, CancellationToken ct) => Bug == MemoryBug.ProbeThrows
        ? throw new PawlException(Fault.Transient, Codes.Unreachable)
        : ValueTask.FromResult(new ProbeReport(false, "", [ProbeFinding.Of(new PawlException(Fault.Configuration, Codes.FileMissing))]));

    public ValueTask<ISink> OpenSinkAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        throw new NotSupportedException("the suites open the target themselves");
}
