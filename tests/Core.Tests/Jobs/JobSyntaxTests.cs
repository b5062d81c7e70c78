using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class JobSyntaxTests
{
    [Theory]
    [InlineData("", JobReasons.Empty, 0, 0)]
    [InlineData("# nothing\n", JobReasons.Empty, 0, 0)]
    [InlineData("~\n", JobReasons.Empty, 1, 1)]
    [InlineData("- a\n", JobReasons.Type, 1, 1)]
    [InlineData("version: 1\nname: [a\n", JobReasons.Brackets, 2, 7)]
    [InlineData("version: 1\nwas: [a, {b: c\n  \n", JobReasons.Brackets, 2, 10)]
    [InlineData("was: [a\nsource: x\ntarget: y\n", JobReasons.Brackets, 1, 6)]
    [InlineData("name: 'open\n", JobReasons.Yaml, 1, 7)]
    [InlineData("name: a: b\n", JobReasons.Yaml, 1, 8)]
    [InlineData("name: @a\n", JobReasons.Yaml, 1, 7)]
    [InlineData("name: \"\\q\"\n", JobReasons.Yaml, 1, 7)]
    [InlineData("tables:\n\ta: b\n", JobReasons.Tab, 2, 1)]
    [InlineData("tables:\n  - a\n\t- b\n", JobReasons.Tab, 3, 1)]
    [InlineData("version: 1\n---\nversion: 1\n", JobReasons.SecondDocument, 2, 1)]
    [InlineData("%YAML 1.1\n---\nversion: 1\n", JobReasons.Directive, 1, 1)]
    [InlineData("%TAG !x! tag:x,2000:\n---\nversion: 1\n", JobReasons.Directive, 1, 1)]
    [InlineData("name: !!str a\n", JobReasons.Tag, 1, 7)]
    [InlineData("name: &x a\n", JobReasons.Anchor, 1, 7)]
    [InlineData("? [a]\n: 1\n", JobReasons.KeyNotText, 1, 3)]
    [InlineData("name: a\0b\n", JobReasons.ControlCharacter, 1, 8)]
    [InlineData("name: a\u2028b\n", JobReasons.ControlCharacter, 1, 8)]
    [InlineData("name: a\u0085b\n", JobReasons.ControlCharacter, 1, 8)]
    [InlineData("name: a\r\nwas: \u0007\r\n", JobReasons.ControlCharacter, 2, 6)]
    public void What_is_no_plain_document_is_refused_at_its_place(string text, string reason, int line, int column)
    {
        var problem = JobText.Problem(text);
        Assert.Equal((Codes.JobSyntax, reason, line, column), (problem.Code, problem.Details["reason"], problem.Line, problem.Column));
    }

    [Theory]
    [InlineData("tables:\n  *: x\n", "\"*\"")]
    [InlineData("tables:\n  *_tmp: x\n", "\"*_tmp\"")]
    [InlineData("tables: [*]\n", "\"*\"")]
    [InlineData("tables:\n  - *.orders\n", "\"*.orders\"")]
    public void A_bare_star_is_told_to_be_quoted(string text, string suggestion)
    {
        var problem = JobText.Problem(text);
        Assert.Equal((Codes.JobSyntax, JobReasons.Alias, suggestion), (problem.Code, problem.Details["reason"], problem.Suggestion));
        Assert.StartsWith("*", problem.Marked());
    }

    [Fact]
    public void A_thousand_laughs_are_stopped_at_the_first_anchor()
    {
        var lines = Enumerable.Range(0, 25).Select(i => $"n{i + 1}: &n{i + 1} [*n{i}, *n{i}]\n");
        var text = "n0: &n0 [x, x]\n" + string.Concat(lines);
        Assert.Equal(JobReasons.Anchor, JobText.Problem(text).Details["reason"]);
    }

    [Theory]
    [InlineData("[", 40)]
    [InlineData("{a: ", 40)]
    [InlineData("[", 900_000)]
    [InlineData("- ", 400_000)]
    public void Depth_is_bounded(string step, int times)
    {
        var problem = JobText.Problem("tables: " + (step == "- " ? "\n" : "") + string.Concat(Enumerable.Repeat(step, times)));
        Assert.Equal((Codes.JobSyntax, JobReasons.TooDeep), (problem.Code, problem.Details["reason"]));
    }

    [Fact]
    public void The_number_of_values_is_bounded()
    {
        var problem = JobText.Problem("tables: [" + string.Concat(Enumerable.Repeat("a,", 200_000)) + "]");
        Assert.Equal((Codes.JobSyntax, JobReasons.TooMany), (problem.Code, problem.Details["reason"]));
    }

    [Fact]
    public void A_key_given_twice_points_at_the_second_and_names_the_first()
    {
        var problem = JobText.Problem(JobText.Head + "tables:\n  orders: a\n  items: b\n  \"orders\": c\n");
        Assert.Equal((Codes.JobSyntax, JobReasons.DuplicateKey), (problem.Code, problem.Details["reason"]));
        Assert.Equal((8, 3), (problem.Line, problem.Column));
        Assert.Equal(("6", "orders", "tables.orders"), (problem.Details["line"], problem.Details["name"], problem.Field));
        Assert.Equal("\"orders\"", problem.Marked());
    }

    [Fact]
    public void A_tab_inside_a_block_of_code_is_text()
    {
        var job = JobText.Job(JobText.Head + "tables:\n  orders:\n    transform:\n      where: |\n        a = 1\n        \tand b = 2\n");
        Assert.Equal("a = 1\n\tand b = 2\n", job.Tables[0].Where);
    }

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_change_no_place()
    {
        var problem = JobText.Problem("\uFEFF" + JobText.Head.Replace("\n", "\r\n") + "tables: [a]\r\nparalel: 2\r\n");
        Assert.Equal((Codes.JobFieldUnknown, 6, 1, "paralel: 2", "paralel"),
            (problem.Code, problem.Line, problem.Column, problem.SourceLine, problem.Marked()));
    }

    [Fact]
    public void Columns_count_after_letters_of_any_alphabet()
    {
        var problem = JobText.Problem(JobText.Head + "tables: {é😀x: {writ: insert}}\n");
        Assert.Equal((5, 17, "writ", "write"), (problem.Line, problem.Column, problem.Marked(), problem.Suggestion));
    }

    [Fact]
    public void A_file_over_a_megabyte_is_refused()
    {
        var problem = JobText.Problem(JobText.Head + "tables: [a]\n" + new string('#', JobFile.MaxBytes));
        Assert.Equal((Codes.JobSyntax, JobReasons.TooLarge, "1MB"), (problem.Code, problem.Details["reason"], problem.Details["most"]));
    }
}
