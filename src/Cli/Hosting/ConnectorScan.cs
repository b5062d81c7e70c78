using System.Diagnostics.CodeAnalysis;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;

namespace Pawl.Cli.Hosting;

/// <summary>
/// Finds the connectors by one scan of their assembly; there is no list of them anywhere. Scans when first asked. Thread-safe.
/// </summary>
public sealed class ConnectorScan : IConnectors
{
    private const string Kept = "the assembly is kept whole: a TrimmerRootAssembly of the project";
    private readonly Lazy<IReadOnlyList<Connector>> found = new(Scan);

    public IReadOnlyList<Connector> All => found.Value;

    public Connector For(Endpoint at) => All.FirstOrDefault(c => c.Spec.Schemes.Contains(at.Scheme))
        ?? throw new PawlException(Fault.Configuration, Codes.SchemeUnknown, ("scheme", at.Scheme),
            ("known", string.Join(", ", All.SelectMany(c => c.Spec.Schemes))));

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Kept)]
    [UnconditionalSuppressMessage("Trimming", "IL2067", Justification = Kept)]
    private static IReadOnlyList<Connector> Scan() =>
    [
        .. System.Reflection.Assembly.Load("Pawl.Connectors").GetExportedTypes()
            .Where(t => t.IsSubclassOf(typeof(Connector)) && !t.IsAbstract)
            .Select(t => (Connector)Activator.CreateInstance(t)!).OrderBy(c => c.Spec.Name, StringComparer.Ordinal),
    ];
}
