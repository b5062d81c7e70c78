using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Pawl.Core.Tests.House;

/// <summary>
/// Finds texts for people that stand in one language only. A text in two languages is a pair of arguments, English and Chinese, as in
/// <c>Both("row", "行")</c> or <c>new("row", "行")</c>.
/// </summary>
internal static partial class SpokenText
{
    /// <summary>What they are given is shown to people.</summary>
    private static readonly HashSet<string> Shows =
    [
        "Say", "Note", "Fact", "Step", "Detail", "Mark", "Next", "Paragraph", "AddPainted", "Add", "Total", "Card", "Bold", "Red", "Green",
        "Yellow", "Dim", "Alarm", "WriteLine", "Write", "Check", "Unusable", "Damaged", "Locked",
    ];

    /// <summary>Texts of a file of <c>src/Cli</c> that have no twin.</summary>
    /// <param name="words">What only compares: data, not text.</param>
    public static IEnumerable<string> Missing(string text, IReadOnlySet<string> words)
    {
        foreach (var node in SourceRules.Parse(text).DescendantNodes())
        {
            if (Content(node) is not { } said || IsChinese(said) || words.Contains(said) || HasTwin(node) || IsInside(node)) continue;
            var letters = Tag().Replace(said, " ");
            if (!Command().IsMatch(said) && (Sentence().IsMatch(letters) || (Word().IsMatch(letters) && IsShown(node))))
            {
                yield return $"line {node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}: \"{said}\" is in one language";
            }
        }
    }

    /// <summary>Fields that would hold a text in the language that was spoken before it was chosen.</summary>
    public static IEnumerable<string> TooEarly(string text) => SourceRules.Parse(text).DescendantNodes().OfType<InvocationExpressionSyntax>()
        .Where(i => i.Expression.ToString() is "Both" or "Speech.Both" && i.Ancestors().TakeWhile(a => a is not TypeDeclarationSyntax)
            .Any(a => a is FieldDeclarationSyntax or PropertyDeclarationSyntax { Initializer: not null })
            && !i.Ancestors().Any(a => a is LambdaExpressionSyntax or ArrowExpressionClauseSyntax))
        .Select(i => $"{i} is made before the language is chosen");

    /// <summary>What literals are compared with: <c>x == "done"</c>, <c>"done" => …</c>, <c>case "done"</c>.</summary>
    public static IEnumerable<string> Compared(string text) => SourceRules.Parse(text).DescendantNodes()
        .Where(n => n.Parent is ConstantPatternSyntax or CaseSwitchLabelSyntax
            || (n.Parent is BinaryExpressionSyntax b && (b.IsKind(SyntaxKind.EqualsExpression) || b.IsKind(SyntaxKind.NotEqualsExpression))))
        .Select(Content).OfType<string>();

    /// <summary>English words given as a detail of an error or an event by those who cannot say it in two languages.</summary>
    public static IEnumerable<string> Details(string text)
    {
        foreach (var node in SourceRules.Parse(text).DescendantNodes())
        {
            if (Content(node, "{}") is not { } said || !Sentence().IsMatch(said.Replace("{}", " "))) continue;
            if (node.Ancestors().TakeWhile(a => a is not StatementSyntax).OfType<ArgumentSyntax>().Any(IsDetail) || IsCause(node))
            {
                yield return said;
            }
        }
    }

    /// <summary>What <c>Problem(…)</c> and its like answer, and what a variable of that name holds: said of something later.</summary>
    private static bool IsCause(SyntaxNode node) => node.Ancestors().TakeWhile(a => a is not MemberDeclarationSyntax).Any(a => a switch
    {
        VariableDeclaratorSyntax v => v.Identifier.Text == "cause",
        AssignmentExpressionSyntax s => s.Left.ToString() == "cause",
        _ => false,
    }) || node.Ancestors().OfType<MethodDeclarationSyntax>().FirstOrDefault()
        is { Identifier.Text: "Problem" or "Narrows" or "NarrowsWhole" };

    private static bool IsDetail(ArgumentSyntax place) => place.Parent switch
    {
        TupleExpressionSyntax { Arguments: [var name, var value] } => value == place
            && Content(name.Expression) is "cause" or "what" or "why" or "found" or "expected" or "right" or "missing",
        ArgumentListSyntax { Parent: InvocationExpressionSyntax made } => made.Expression.ToString() is "Unfit" or "Wrong" or "Invalid"
            or "Refused" or "PgRefusal.Unfit" or "PgRefusal.Beyond" or "PgRefusal.Mistyped",
        ArgumentListSyntax { Parent: ObjectCreationExpressionSyntax made } => made.Type.ToString() is "MyUnfit" or "MyProtocolException"
            or "MyRefusedException" or "IOException" or "TimeoutException",
        _ => false,
    };

    private static string? Content(SyntaxNode node) => Content(node, "");

    /// <summary>The letters of a literal; what stands in an interpolated one's holes is replaced. Null for other nodes.</summary>
    private static string? Content(SyntaxNode node, string hole) => node switch
    {
        LiteralExpressionSyntax l when l.IsKind(SyntaxKind.StringLiteralExpression) => l.Token.ValueText,
        InterpolatedStringExpressionSyntax i => string.Concat(i.Contents.Select(c => c is InterpolatedStringTextSyntax t
            ? t.TextToken.ValueText : hole)),
        _ => null,
    };

    /// <summary>Another argument beside it, of whatever it is part of, is Chinese.</summary>
    private static bool HasTwin(SyntaxNode node) => node.Ancestors().TakeWhile(a => a is not StatementSyntax).OfType<ArgumentSyntax>()
        .Any(a => a.Parent!.ChildNodes().Any(other => other != a && other.DescendantNodes().Select(Content)
            .Any(c => c is not null && IsChinese(c))));

    /// <summary>Not for people: exceptions of the program's own faults, patterns, names of attributes and constants.</summary>
    private static bool IsInside(SyntaxNode node) => node.Ancestors().Any(a => a switch
    {
        AttributeSyntax or ConstantPatternSyntax or CaseSwitchLabelSyntax => true,
        FieldDeclarationSyntax f => f.Modifiers.Any(SyntaxKind.ConstKeyword),
        InvocationExpressionSyntax i => i.Expression.ToString() is "Environment.FailFast"
            || i.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: "Does" } && i.ArgumentList.Arguments[0].Expression == node,
        ObjectCreationExpressionSyntax { Type: IdentifierNameSyntax type } => type.Identifier.Text is "InvalidOperationException"
            or "OperationCanceledException" or "IOException",
        _ => false,
    });

    private static bool IsShown(SyntaxNode node)
    {
        var call = node.Ancestors().TakeWhile(a => a is not StatementSyntax and not LambdaExpressionSyntax)
            .FirstOrDefault(a => a is InvocationExpressionSyntax or ElementAccessExpressionSyntax or BaseObjectCreationExpressionSyntax);
        return call is InvocationExpressionSyntax { Expression: var called } && Shows.Contains(called switch
        {
            MemberAccessExpressionSyntax m => m.Name.Identifier.Text,
            SimpleNameSyntax n => n.Identifier.Text,
            _ => "",
        });
    }

    private static bool IsChinese(string text) => text.Any(c => c is >= '\u4E00' and <= '\u9FFF');

    [GeneratedRegex(@"(?<![\w./$-])[A-Za-z]{2,}[,;:]? [a-z]{2,}(?![\w=(])")]
    private static partial Regex Sentence();

    [GeneratedRegex("[A-Za-z]{3,}")]
    private static partial Regex Word();

    /// <summary>Something to type: <c>pawl runs report</c>.</summary>
    [GeneratedRegex(@"^\s*pawl( +(--)?[a-z0-9]+){0,3}\s*$")]
    private static partial Regex Command();

    [GeneratedRegex("<[^>]*(>|$)")]
    private static partial Regex Tag();
}
