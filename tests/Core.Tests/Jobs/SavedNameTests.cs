using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

/// <summary>Names of saved connections in place of addresses.</summary>
public sealed class SavedNameTests
{
    private sealed class Book(params SavedConnection[] saved) : IConnectionBook
    {
        public IReadOnlyList<string> Names => [.. saved.Select(s => s.Name)];

        public SavedConnection? Find(string name) => saved.FirstOrDefault(s => s.Name == name);
    }

    private static readonly Book Two = new(
        new SavedConnection("shop", "postgres://u@h:5433/shop?x=1", "/saved", "p@ss/wörd%2F"),
        new SavedConnection("files", "sqlite:sub/a.db", "/saved", null));

    private static EndpointResult Read(string text, IConnectionBook book, Dictionary<string, string>? environment = null) =>
        EndpointParser.Parse(text, JobText.Folder, n => environment?.GetValueOrDefault(n), JobText.Connectors, book);

    [Fact]
    public void A_name_is_the_address_that_was_saved_and_its_password_is_taken_as_it_is()
    {
        var at = Read("shop", Two).Endpoint!;
        Assert.Equal(("h", 5433, "u", "p@ss/wörd%2F", "shop"), (at.Host, at.Port, at.User, at.Password, at.Path));
        Assert.Equal("postgres://u@h:5433/shop?x=1", at.Display);
        Assert.DoesNotContain("wörd", $"{at} {Two.Find("shop")}");
    }

    [Fact]
    public void A_relative_path_counts_from_where_the_connection_was_saved() => Assert.Equal("/saved/sub/a.db", Read("files", Two).Endpoint!.Path);

    [Fact]
    public void A_variable_may_hold_the_name() =>
        Assert.Equal("h", Read("${SHOP}", Two, new() { ["SHOP"] = "shop" }).Endpoint!.Host);

    [Fact]
    public void A_name_nobody_saved_is_told_with_the_nearest_one()
    {
        var problem = Assert.Single(Read("shpo", Two).Problems);
        Assert.Equal((Codes.ConnectionUnknown, "shop", "shpo"), (problem.Code, problem.Suggestion, problem.Part));
    }

    [Fact]
    public void A_saved_address_names_no_other_saved_connection()
    {
        var book = new Book(new SavedConnection("a", "b", "/", null), new SavedConnection("b", "a", "/", null));
        Assert.Equal(Codes.ConnectionUnknown, Assert.Single(Read("a", book).Problems).Code);
    }

    [Fact]
    public void What_is_wrong_with_a_saved_address_is_told_of_its_name()
    {
        var book = new Book(new SavedConnection("shop", "postgres://u:${NOT_SET}@h/d", "/", null));
        var text = "version: 1\nname: n\nsource: shop\ntarget: sqlite:b.db\ntables: [a]\n";
        var problem = Assert.Single(JobFile.Parse(text, JobText.File, _ => null, JobText.Connectors, book).Problems);
        Assert.Equal((Codes.SecretMissing, "source", "shop"), (problem.Code, problem.Field, problem.Marked()));
    }

    [Fact]
    public void A_job_between_saved_connections_is_a_job()
    {
        var text = "version: 1\nname: n\nsource: shop\ntarget: files\ntables: [a]\n";
        var job = JobFile.Parse(text, JobText.File, _ => null, JobText.Connectors, Two).Job!;
        Assert.Equal(("h", "/saved/sub/a.db"), (job.Source.Host, job.Target.Path));
    }

    [Theory]
    [InlineData("postgres://u:secret@h/d", "password")]
    [InlineData("postgres://u:a/b?c@h/d", "password")]
    [InlineData("postgres://u:x${P}@h/d", "password")]
    [InlineData("postgres://u@h/d?sslpassword=s", "sslpassword")]
    [InlineData("sqlite:a.db?busy=1s&key=s", "key")]
    [InlineData("postgres://u@h:5432/d?x=1", null)]
    [InlineData("postgres://u:${P}@h:5432/d", null)]
    [InlineData("postgres://u:@h/d", null)]
    [InlineData("postgres://h:5432/d", null)]
    [InlineData("postgres://u@h/d?sslpassword=${file:p}", null)]
    [InlineData("${URL}", null)]
    [InlineData("sqlite:a@b:c.db", null)]
    public void A_secret_that_is_written_out_is_found(string address, string? secret)
    {
        Assert.Equal(secret, AddressSecrets.Written(address, JobText.Connectors));
        if (secret is not null) Assert.DoesNotContain("secret", AddressSecrets.Masked(address, JobText.Connectors));
    }
}
