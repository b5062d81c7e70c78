using System.Diagnostics;
using System.Text;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Languages;

/// <summary>The scripts of <c>pawl completion</c>, run by the shells they are for.</summary>
public sealed class CompletionTests
{
    /// <summary>A command line up to where Tab is pressed, words that are offered there, and words that must not be.</summary>
    private static readonly (string Line, string Offered, string Other)[] Lines =
    [
        ("pawl ", "run verify checkpoint completion", "list live"),
        ("pawl ver", "verify version", "run"),
        ("pawl checkpoint ", "list show export diff import", "run"),
        ("pawl --lang en conn ", "add discover remove", "run"),
        ("pawl run --", "--restart --tables --lang --json --help", "--level"),
        ("pawl run --progress ", "live plain json none", "count"),
        ("pawl verify job.yaml --level ", "count digest", "live"),
        ("pawl run --progress p", "plain", "live"),
        ("pawl --lang ", "en zh-CN", "run"),
        ("pawl runs report --format ", "md html json", "live"),
        ("pawl completion ", "bash zsh fish pwsh", "run"),
        ("pawl run ", "job.yaml", "verify"),
    ];

    [Fact]
    public Task Bash_completes_verbs_options_values_and_files() => CompletesAsync("bash", """
        source ./script
        [[ $(complete -p pawl) == *'-o default'*'-F _pawl'* ]] || exit 9
        offers() {
          COMP_WORDS=() COMPREPLY=()
          read -r -a COMP_WORDS <<< "$1"
          [[ $1 == *' ' ]] && COMP_WORDS+=('')
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
          _pawl pawl
          if ((${#COMPREPLY[@]})); then printf '%s\n' "${COMPREPLY[@]}"; else compgen -f -- "${COMP_WORDS[COMP_CWORD]}"; fi
        }
        """, [.. Lines, ("pawl verify --level = d", "digest", "count")]);

    [Fact]
    public Task Zsh_completes_verbs_options_values_and_files() => CompletesAsync("zsh", """
        autoload -Uz compinit && compinit -D -u
        source ./script
        [[ $_comps[pawl] == _pawl ]] || exit 9
        # Outside a line editor: what would be offered is printed.
        _describe() { print -l -- ${(P)${@[-1]}%%:*} | grep -- "^${words[CURRENT]}" }
        _files() { print -l -- *(N) }
        offers() {
          words=(${=1}); [[ $1 == *' ' ]] && words+=('')
          CURRENT=$#words
          _pawl
        }
        """, Lines);

    [Fact]
    public Task Fish_completes_verbs_options_values_and_files() => CompletesAsync("fish", """
        source ./script
        function offers
          complete -C $argv[1] | string split -f 1 \t
        end
        """, Lines);

    [Theory]
    [InlineData("zh-CN", "运行作业")]
    [InlineData("en", "Run a job")]
    public async Task Descriptions_speak_the_language_that_was_asked_for(string language, string says)
    {
        using var at = new Scratch();
        foreach (var shell in new[] { "zsh", "fish", "pwsh" })
        {
            var script = await PawlProcess.RunAsync(at, "completion", shell, "--lang", language);
            Assert.Equal(0, script.Code);
            Assert.Contains(says, script.Out);
        }
    }

    [Fact]
    public async Task PowerShell_is_told_verbs_options_and_values()
    {
        using var at = new Scratch();
        var script = (await PawlProcess.RunAsync(at, "completion", "pwsh")).Out;
        Assert.StartsWith("Register-ArgumentCompleter -Native -CommandName pawl", script);
        Assert.Contains("' checkpoint' = @(@{ Word = 'list';", script);
        Assert.Contains("' run --progress' = @(", script);
        Assert.Equal(script.Count(c => c == '{'), script.Count(c => c == '}'));
    }

    /// <param name="shell">The shell; it must be installed.</param>
    /// <param name="offers">Reads the script and declares <c>offers LINE</c>, which prints what would be offered.</param>
    private static async Task CompletesAsync(string shell, string offers, (string Line, string Offered, string Other)[] lines)
    {
        var found = new[] { "/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin" }.Select(f => Path.Combine(f, shell))
            .FirstOrDefault(File.Exists);
        Assert.SkipUnless(found is not null, $"{shell} is not installed");
        using var at = new Scratch();
        await File.WriteAllTextAsync(at.At("job.yaml"), "");
        await File.WriteAllTextAsync(at.At("script"), (await PawlProcess.RunAsync(at, "completion", shell)).Out);
        var calls = lines.Select(l => $"echo '== {l.Line}'\noffers '{l.Line}'\n");
        await File.WriteAllTextAsync(at.At("test"), $"{offers}\n{string.Concat(calls)}exit 0\n");
        string[] plainly = shell switch { "bash" => ["--norc"], "zsh" => ["-f"], _ => ["--no-config"] };
        var info = new ProcessStartInfo(found!, [.. plainly, "test"])
        {
            WorkingDirectory = at.Folder, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8,
        };
        (info.Environment["HOME"], info.Environment["LANG"]) = (at.Folder, "C.UTF-8");
        using var process = Process.Start(info)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        var told = $"exit {process.ExitCode}\n{await output}\n{await errors}";
        Assert.True((await errors).Length == 0 && process.ExitCode == 0, told);
        var answers = (await output).Split("== ", StringSplitOptions.RemoveEmptyEntries).Select(a => a.Split('\n')).ToArray();
        Assert.Equal(lines.Select(l => l.Line), answers.Select(a => a[0]));
        foreach (var ((line, offered, other), words) in lines.Zip(answers.Select(a => a.Select(w => w.Trim()).ToArray())))
        {
            foreach (var word in offered.Split(' ')) Assert.True(words.Contains(word), $"{line} does not offer {word}: {told}");
            foreach (var word in other.Split(' ')) Assert.False(words.Contains(word), $"{line} offers {word}: {told}");
        }
    }
}
