using System.Globalization;
using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>Arguments of an event, whatever number type they arrived with; an absent one is null.</summary>
public static class EventReading
{
    public static long? Long(this RunEvent e, string name) => e.Args.GetValueOrDefault(name) switch
    {
        long l => l,
        int i => i,
        double d => (long)d,
        _ => null,
    };

    public static string? Text(this RunEvent e, string name) =>
        Convert.ToString(e.Args.GetValueOrDefault(name), CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;

    /// <summary>The table an event speaks of; a table that could not be planned is named in the arguments only.</summary>
    public static string? TableName(this RunEvent e) => e.Table ?? e.Text("table");
}
