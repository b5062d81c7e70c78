namespace Pawl.Cli.Texts;

/// <summary>
/// One text in every language Pawl speaks. Both columns stand side by side so that a change of one is seen to need the other.
/// </summary>
public sealed record Words(string En, string Zh)
{
    /// <summary>In the language that is spoken.</summary>
    public string Text => Speech.Both(En, Zh);
}

/// <summary>What is said about one error code. All four are templates, see <see cref="Template"/>.</summary>
/// <param name="Title">A few words, no details.</param>
/// <param name="What">What happened, with its details.</param>
/// <param name="Why">The cause, and why Pawl stops here.</param>
/// <param name="Help">What to do, as a command or a change to make.</param>
public sealed record ErrorText(Words Title, Words What, Words Why, Words Help);

/// <summary>What is said about one event code: a template over the event's arguments.</summary>
/// <param name="Line">One line for people.</param>
/// <param name="Meaning">When the event comes, for <c>pawl explain</c>.</param>
public sealed record EventText(Words Line, Words Meaning);

/// <summary>What is said about one finding of a look at an endpoint: templates over its details.</summary>
/// <param name="Topic">One or two words: what was looked at.</param>
/// <param name="Line">What it showed.</param>
/// <param name="Advice">What it means and what to do; empty = nothing to do.</param>
public sealed record FindingText(Words Topic, Words Line, Words Advice);
