namespace Pawl.Jobs;

/// <summary>A job file made from addresses, without secrets in it.</summary>
/// <param name="Text">The file.</param>
/// <param name="Secrets">What was taken out; the user sets these variables before running.</param>
public sealed record ComposedJob(string Text, IReadOnlyList<ComposedSecret> Secrets);

/// <summary>A secret that was written in an address and is now a placeholder.</summary>
/// <param name="Variable">The environment variable, <c>SOURCE_PASSWORD</c>; it holds the secret as it is, without percent-encoding.</param>
/// <param name="Field"><c>source</c> or <c>target</c>.</param>
/// <param name="What"><c>password</c>, or the name of a secret option.</param>
public sealed record ComposedSecret(string Variable, string Field, string What);
