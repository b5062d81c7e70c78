using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl version</c>: this program, what it runs on, the systems it speaks.</summary>
internal static class VersionVerb
{
    public static Command Create() =>
        new Command("version", "Print the version and the systems this build speaks.").Does("version", RunAsync);

    public static string Number { get; } =
        typeof(VersionVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    private static Task<int> RunAsync(Shell shell, ParseResult parse, CancellationToken ct)
    {
        var connectors = new ConnectorScan().All.Select(c => c.Spec).ToArray();
        shell.Say($"pawl {Number.Split('+')[0]}");
        shell.Say($"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.RuntimeIdentifier}");
        var systems = connectors.Select(c => $"{c.Name} ({c.Schemes[0]}:)").ToArray();
        shell.Say($"systems: {(systems.Length == 0 ? "none" : string.Join(", ", systems))}");
        shell.Data["version"] = Number.Split('+')[0];
        shell.Data["build"] = Number;
        shell.Data["runtime"] = RuntimeInformation.FrameworkDescription;
        shell.Data["platform"] = RuntimeInformation.RuntimeIdentifier;
        shell.Data["systems"] = connectors
            .Select(c => new Pairs { ["name"] = c.Name, ["schemes"] = c.Schemes, ["description"] = c.Description }).ToArray();
        return Task.FromResult(ExitCode.Done);
    }
}
