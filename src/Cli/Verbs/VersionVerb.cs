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
        new Command("version", Both("Print the version and the systems this build speaks.", "打印版本和支持的系统。")).Does("version", RunAsync);

    public static string Number { get; } =
        typeof(VersionVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    private static Task<int> RunAsync(Shell shell, ParseResult parse, CancellationToken ct)
    {
        var connectors = new ConnectorScan().All.Select(c => c.Spec).ToArray();
        shell.Say($"pawl {Number.Split('+')[0]}");
        var (runtime, platform) = (RuntimeInformation.FrameworkDescription, RuntimeInformation.RuntimeIdentifier);
        shell.Say(Both($"{runtime} on {platform}", $"{runtime}，{platform}"));
        var systems = connectors.Select(c => $"{c.Name} ({c.Schemes[0]}:)").ToArray();
        shell.Say(Both("systems: ", "支持的系统：") + (systems.Length == 0 ? Both("none", "无") : string.Join(", ", systems)));
        shell.Data["version"] = Number.Split('+')[0];
        shell.Data["build"] = Number;
        shell.Data["runtime"] = runtime;
        shell.Data["platform"] = platform;
        shell.Data["systems"] = connectors
            .Select(c => new Pairs { ["name"] = c.Name, ["schemes"] = c.Schemes, ["description"] = c.Description }).ToArray();
        return Task.FromResult(ExitCode.Done);
    }
}
