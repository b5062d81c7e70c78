using System.Runtime.InteropServices;
using System.Text;
using Pawl.Model;

namespace Pawl.Cli.Hosting;

/// <summary>Takes a password in: typed unseen, or piped in. Never from the command line, which every process can read.</summary>
internal static partial class Password
{
    /// <summary>A password is a line, not a document.</summary>
    private const int MostLetters = 4096;

    /// <summary>Asks on the terminal. Empty when nothing was typed.</summary>
    /// <exception cref="OperationCanceledException">Ctrl-C.</exception>
    public static string Ask(string prompt)
    {
        if (OperatingSystem.IsWindows()) return AskByKeys(prompt);
        // The terminal is silent before the prompt is there and until the line has ended: reading key by key, as Console does, would let
        // it show what is typed in between.
        var typed = GetPass(prompt);
        if (typed == 0) throw new OperationCanceledException("there is no terminal to ask on");
        var text = Marshal.PtrToStringUTF8(typed) ?? "";
        for (var i = 0; Marshal.ReadByte(typed, i) != 0; i++) Marshal.WriteByte(typed, i, 0);
        if (text.Contains('\u0003')) throw new OperationCanceledException();
        return Checked(text);
    }

    /// <summary>The first line of what is piped in; there must be no more.</summary>
    public static string Read(TextReader from)
    {
        var text = new char[MostLetters + 2];
        var length = from.ReadBlock(text, 0, text.Length);
        var line = new string(text, 0, length);
        Array.Clear(text);
        return Checked(line.EndsWith("\r\n", StringComparison.Ordinal) ? line[..^2] : line.EndsWith('\n') ? line[..^1] : line);
    }

    private static string Checked(string password)
    {
        var wrong = password.Length > MostLetters ? Both("The password is too long.", "密码过长。")
            : password.Any(char.IsControl)
                ? Both("The password holds a control character, or more than one line came.", "密码含有控制字符，或不止一行。") : null;
        return wrong is null ? password : throw new PawlException(Fault.Configuration, Codes.Usage, ("cause", wrong));
    }

    private static string AskByKeys(string prompt)
    {
        Console.Error.Write(prompt);
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace) typed.Length = Math.Max(0, typed.Length - 1);
            else typed.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return Checked(typed.ToString());
    }

    [LibraryImport("libc", EntryPoint = "getpass", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint GetPass(string prompt);
}
