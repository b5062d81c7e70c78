using Pawl.Jobs;

namespace Pawl.Cli.Hosting;

/// <summary>The job file cannot be used; carries all that is wrong with it.</summary>
internal sealed class JobRejected(string file, IReadOnlyList<JobProblem> problems) : Exception(problems[0].Code)
{
    /// <summary>As the user typed it.</summary>
    public string File => file;
    public IReadOnlyList<JobProblem> Problems => problems;
}
