using System.Text.Json;
using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Cli;

/// <summary>The JSON lines a command printed.</summary>
internal static class JsonLines
{
    public static IReadOnlyList<JsonElement> Lines(this PawlExit exit) => Lines(exit.Out);

    public static IReadOnlyList<JsonElement> Lines(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];

    public static JsonElement Last(this PawlExit exit) => exit.Lines()[^1];
}
