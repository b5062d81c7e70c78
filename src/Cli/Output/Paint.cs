namespace Pawl.Cli.Output;

/// <summary>ANSI colours, or nothing. Red means lost or failed, yellow waiting or odd, green proved.</summary>
public sealed class Paint(bool on)
{
    public bool On => on;

    public string Bold(string text) => Wrap("1", text);
    public string Dim(string text) => Wrap("2", text);
    public string Red(string text) => Wrap("31", text);
    public string Green(string text) => Wrap("32", text);
    public string Yellow(string text) => Wrap("33", text);
    public string Cyan(string text) => Wrap("36", text);
    public string Alarm(string text) => Wrap("1;31", text);

    private string Wrap(string code, string text) => on && text.Length > 0 ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
