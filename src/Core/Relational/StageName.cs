using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>
/// Names of staging tables: <c>pawl_stage_</c>, twelve digits that stand for job and source table, generation, epoch of the job when the
/// plan was made. No pattern of a job matches them, and only what bears such a name in full is ever dropped. Pure functions.
/// </summary>
public static class StageName
{
    /// <summary>What all of them begin with, and the first name behind all that do.</summary>
    public const string Start = "pawl_stage_", End = "pawl_stage`";

    /// <summary>Hexadecimal digits of a name that is kept secret while its rows are counted.</summary>
    public const int SecretDigits = 12;

    /// <summary>What all staging tables of one table of a job begin with.</summary>
    public static string Prefix(Guid job, TableName source) =>
        $"{Start}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{JobRows.Id(job)}\n{source}")).AsSpan(0, 6))}_";

    public static TableName For(Guid job, TablePlan plan, long epoch) => plan.Target with
    {
        Name = Prefix(job, plan.Source) + string.Create(CultureInfo.InvariantCulture, $"{plan.Generation}_{epoch}"),
    };

    /// <summary>
    /// Whether a table is a staging table with that prefix: generation and epoch stand behind it, and at most one word more, which a target
    /// gives it while it is published: <c>old</c>, <c>none</c>, or twelve digits that nobody can guess.
    /// </summary>
    public static bool IsOne(string prefix, string name)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal)) return false;
        return name[prefix.Length..].Split('_') is [var generation, var epoch, .. var more] && IsNumber(generation) && IsNumber(epoch)
            && (more is [] or ["old" or "none"] || more is [{ Length: SecretDigits } word] && word.All(char.IsAsciiHexDigitLower));
    }

    private static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);
}
