using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Pawl.Core.Tests.House;

/// <summary>
/// The shape rules of the house as functions from a file's text to what is wrong with it, so that each can be shown to fail.
/// </summary>
internal static class SourceRules
{
    public const int FileLines = 500, FunctionLines = 70, Columns = 140, SideTypeLines = 100, FamilyLines = 40;
    private static readonly string[] EmptyNames = ["Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Impl"];

    public static SyntaxNode Parse(string text) =>
        CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)).GetRoot();

    public static IEnumerable<string> Size(string text, bool literals = false)
    {
        var lines = text.Split('\n');
        if (lines.Length - 1 > FileLines) yield return $"{lines.Length - 1} lines, at most {FileLines}";
        for (var i = 0; i < lines.Length; i++)
        {
            // A text that would have to be torn apart is left whole in tests.
            if (literals && lines[i].Split('"').Any(part => part.Length >= 60)) continue;
            if (lines[i].TrimEnd('\r').Length > Columns) yield return $"line {i + 1} has {lines[i].Length} columns, at most {Columns}";
        }
    }

    public static IEnumerable<string> Functions(string text)
    {
        foreach (var node in Parse(text).DescendantNodes())
        {
            var name = node switch
            {
                BaseMethodDeclarationSyntax { Body: not null } m =>
                    (m as MethodDeclarationSyntax)?.Identifier.Text ?? "constructor or operator",
                LocalFunctionStatementSyntax l => l.Identifier.Text,
                AccessorDeclarationSyntax a => a.Keyword.Text,
                _ => null,
            };
            if (name is null) continue;
            var lines = Lines(node);
            if (lines > FunctionLines) yield return $"{name} has {lines} lines, at most {FunctionLines}";
        }
    }

    public static IEnumerable<string> Names(string text)
    {
        foreach (var type in Parse(text).DescendantNodes().OfType<BaseTypeDeclarationSyntax>())
        {
            if (EmptyNames.Any(n =>
                type.Identifier.Text.EndsWith(n, StringComparison.Ordinal))) yield return $"type {type.Identifier.Text} says nothing";
        }
    }

    /// <summary>
    /// A file is named after a type in it (before the first dot, for parts), and no big type hides in another's file. A family of small
    /// types has no main one and takes its family's name.
    /// </summary>
    public static IEnumerable<string> MainType(string path, string text)
    {
        var types = Parse(text).DescendantNodes().Where(n => n is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
            .Where(n => n.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax).ToList();
        var file = Path.GetFileName(path).Split('.')[0];
        var family = types.All(t => Lines(t) <= FamilyLines);
        if (!family && types.All(t => Name(t) != file)) yield return $"none of {string.Join(", ", types.Select(Name))} is called {file}";
        foreach (var type in types.Where(t => Name(t) != file && Lines(t) > SideTypeLines))
        {
            yield return $"{Name(type)} is big enough for a file of its own";
        }
    }

    public static IEnumerable<string> Documented(string text)
    {
        foreach (var type in Parse(text).DescendantNodes().OfType<MemberDeclarationSyntax>()
            .Where(n => n is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax))
        {
            if (!type.Modifiers.Any(SyntaxKind.PublicKeyword)) continue;
            var documented = type.GetLeadingTrivia().Any(t => t.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia));
            if (!documented) yield return $"{Name(type)} has no doc comment";
        }
    }

    /// <summary>Calls that hide time, chance or a blocked thread. <paramref name="console"/> is allowed only at the edge.</summary>
    public static IEnumerable<string> Banned(string text, bool console)
    {
        foreach (var node in Parse(text).DescendantNodes())
        {
            var found = node switch
            {
                MemberAccessExpressionSyntax m => m.ToString() switch
                {
                    "DateTime.Now" or "DateTime.UtcNow" or "DateTime.Today" or "DateTimeOffset.Now" or "DateTimeOffset.UtcNow"
                        or "Random.Shared" or "Thread.Sleep" => m.ToString(),
                    _ when !console && m.Expression.ToString() is "Console" or "System.Console" => m.ToString(),
                    _ => Blocking(m),
                },
                ObjectCreationExpressionSyntax { ArgumentList.Arguments.Count: 0,
                    Type: IdentifierNameSyntax { Identifier.Text: "Random" } } => "new Random()",
                CatchClauseSyntax { Block.Statements.Count: 0, Filter: null } c when !c.Block.DescendantTrivia().Any(IsComment) =>
                    "an empty catch without a reason",
                _ => null,
            };
            if (found is not null) yield return $"line {node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}: {found}";
        }
    }

    public static IEnumerable<string> Marks(string text)
    {
        foreach (var trivia in Parse(text).DescendantTrivia().Where(t => IsComment(t) || t.IsKind(SyntaxKind.RegionDirectiveTrivia)))
        {
            if (trivia.IsKind(SyntaxKind.RegionDirectiveTrivia)) yield return "a region";
            foreach (var word in new[] { "TODO", "FIXME", "HACK", "XXX" })
            {
                if (trivia.ToString().Contains(word, StringComparison.Ordinal)) yield return $"a comment says {word}";
            }
        }
    }

    private static bool IsComment(SyntaxTrivia t) =>
        t.IsKind(SyntaxKind.SingleLineCommentTrivia) || t.IsKind(SyntaxKind.MultiLineCommentTrivia);

    private static string? Blocking(MemberAccessExpressionSyntax m) => m.Name.Identifier.Text switch
    {
        "Wait" when m.Parent is InvocationExpressionSyntax { ArgumentList.Arguments.Count: 0 } => $"{m} blocks",
        "GetResult" when m.Expression.ToString().EndsWith("GetAwaiter()", StringComparison.Ordinal) => $"{m} blocks",
        "Result" when m.Expression is InvocationExpressionSyntax call && call.Expression is MemberAccessExpressionSyntax called
            && called.Name.Identifier.Text.EndsWith("Async", StringComparison.Ordinal) => $"{m} blocks",
        _ => null,
    };

    private static string Name(SyntaxNode type) => type switch
    {
        BaseTypeDeclarationSyntax t => t.Identifier.Text,
        DelegateDeclarationSyntax d => d.Identifier.Text,
        _ => "",
    };

    private static int Lines(SyntaxNode node)
    {
        var span = node.GetLocation().GetLineSpan();
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }
}
