namespace Pawl.Cli.Texts;

/// <summary>The catalogue of error texts. A group's texts are built only when one of them is asked for. Thread-safe.</summary>
public static class ErrorTexts
{
    /// <summary>The text of a code; null when there is none.</summary>
    public static ErrorText? Find(string code)
    {
        if (code.Length < 6) return null;
        var group = code[5] switch
        {
            '1' => JobFileErrors.All,
            '2' => EndpointErrors.All,
            '3' => SchemaErrors.All,
            '4' or '5' => ResumeErrors.All,
            '6' => RowErrors.All,
            '7' or '9' => OtherErrors.All,
            _ => null,
        };
        return group is not null && group.TryGetValue(code, out var text) ? text : null;
    }

    /// <summary>Every code that has a text, in order.</summary>
    public static IEnumerable<string> AllCodes =>
        new[] { JobFileErrors.All, EndpointErrors.All, SchemaErrors.All, ResumeErrors.All, RowErrors.All, OtherErrors.All }
            .SelectMany(g => g.Keys).Order(StringComparer.Ordinal);
}
