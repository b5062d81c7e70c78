namespace Pawl.Jobs;

/// <summary>A node of the document, with its place.</summary>
internal abstract record YamlNode(Span At);

/// <param name="Plain">Written without quotes, so that it may be a number, a boolean or null.</param>
internal sealed record YamlScalar(Span At, string Text, bool Plain) : YamlNode(At)
{
    public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";
}

internal sealed record YamlList(Span At, IReadOnlyList<YamlNode> Items) : YamlNode(At);

/// <summary>Entries in the order of the file, keys unique.</summary>
internal sealed record YamlMap(Span At, IReadOnlyList<YamlEntry> Entries) : YamlNode(At);

internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);
