namespace Pawl.Jobs;

/// <summary>What a field of the job file holds.</summary>
public enum FieldKind
{
    /// <summary>Text on one line.</summary>
    Text,
    /// <summary>Code of another system, carried as it stands; may have several lines.</summary>
    Code,
    /// <summary>One text or a list of texts.</summary>
    Texts,
    /// <summary>One of some words.</summary>
    Choice,
    /// <summary>true or false.</summary>
    Flag,
    /// <summary>A whole number: 250, 100k, 2M.</summary>
    Count,
    /// <summary>Bytes: 512KB, 64MB, 1GB.</summary>
    Size,
    /// <summary>500ms, 10s, 5m, 1h.</summary>
    Duration,
    /// <summary>1s..60s.</summary>
    DurationRange,
    /// <summary>Address of a system; placeholders are filled in.</summary>
    Url,
    /// <summary>Fields of its own.</summary>
    Map,
    /// <summary>Pattern → what to do with the tables it matches.</summary>
    Tables,
    /// <summary>Name → name.</summary>
    Names,
    /// <summary>Name → constant: number, text, true, false or null.</summary>
    Constants,
    /// <summary>Not readable in this version.</summary>
    Unread,
}

/// <summary>
/// One field of the job file, declared once: parsing, the JSON Schema, <c>explain FIELD</c> and the documentation page are all made from
/// it. Immutable.
/// </summary>
public sealed record JobField
{
    /// <summary>Dotted path; <c>tables.*</c> is one entry under <c>tables</c>.</summary>
    public required string Path { get; init; }
    public required FieldKind Kind { get; init; }
    /// <summary>One or two sentences: meaning, unit, what happens without it.</summary>
    public required string English { get; init; }
    public required string Chinese { get; init; }
    public bool Required { get; init; }
    /// <summary>As written in a job file; null = nothing.</summary>
    public string? Default { get; init; }
    /// <summary>A value other than the default, as written in a job file.</summary>
    public string? Example { get; init; }
    /// <summary>Smallest value, as written in a job file; null = none.</summary>
    public string? Min { get; init; }
    /// <summary>Largest value, as written in a job file; null = none.</summary>
    public string? Max { get; init; }
    /// <summary>Unit of the number in the model: rows, bytes, milliseconds …; null = none.</summary>
    public string? Unit { get; init; }
    /// <summary>Longest text in UTF-16 units.</summary>
    public int MaxLength { get; init; } = 1024;
    /// <summary>The words of a <see cref="FieldKind.Choice"/>; of a <see cref="FieldKind.Count"/> those for 0, -1 …</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];
    /// <summary>Words of capabilities that are known but not in this version.</summary>
    public IReadOnlyList<string> LaterWords { get; init; } = [];
    /// <summary>May hold placeholders for secrets; its value is never printed as it is.</summary>
    public bool Secret { get; init; }
    /// <summary>The version it works since; null = not yet.</summary>
    public string? Since { get; init; } = "0.1";
    /// <summary>What it will belong to, for a field that does not work yet; null = it works.</summary>
    public string? Capability { get; init; }

    /// <summary>Last part of the path.</summary>
    public string Name => Path[(Path.LastIndexOf('.') + 1)..];

    /// <summary>The path without the last part; empty at the top.</summary>
    public string Parent => Path.LastIndexOf('.') is var dot and > 0 ? Path[..dot] : "";

    public string Text(string language) => language.StartsWith("zh", StringComparison.OrdinalIgnoreCase) ? Chinese : English;
}
