using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>
/// Makes the job out of checked fields: addresses parsed, settings merged onto each table, contradictions reported. One instance, one
/// file.
/// </summary>
internal sealed class JobBuilder(
    ProblemList problems, string file, Func<string, string?> environment, IReadOnlyList<ConnectorSpec> connectors,
    IConnectionBook? book = null)
{
    /// <summary>More than anybody can keep apart; each is set against every entry.</summary>
    private const int MostGlobs = 500;
    /// <summary>Contradictions of inherited settings would otherwise be told once per table.</summary>
    private readonly HashSet<(string Reason, Span At)> told = [];

    /// <summary>Null when there is any problem, also one found before.</summary>
    public JobSpec? Build(FieldMap fields)
    {
        var source = ReadEndpoint(fields.Find("source"));
        var target = ReadEndpoint(fields.Find("target"));
        var within = source is not null && target is not null && IsSame(source, target);
        if (within && !SpecOf(target!)!.Limits.CopiesWithin)
            problems.Add(Codes.SourceIsTarget, fields.Find("target")!.At, "target", null, null, ("endpoint", target!.Display));
        var was = fields.Get<IReadOnlyList<string>>("was", []);
        if (fields.Find("name")?.Value is string name && was.Contains(name))
            problems.Add(Codes.JobValueInvalid, fields.Find("was")!.At, "was", JobReasons.DuplicateItem, null, ("value", name));
        var rules = ReadRules(fields);
        CheckTargets(fields, rules, SpecOf(source));
        if (within) CheckWithin(fields, rules, target!);
        if (problems.Count > 0) return null;
        return Complete(fields, source!, target!, was, rules);
    }

    private JobSpec Complete(FieldMap fields, Endpoint source, Endpoint target, IReadOnlyList<string> was, IReadOnlyList<TableRule> rules)
    {
        var (commit, retry) = (new CommitPolicy(), new RetryPolicy());
        var backoff = fields.Get("defaults.on_error.retry.backoff", new DurationRange(retry.BackoffMin, retry.BackoffMax));
        var absent = new JobSpec { Name = "", Source = source, Target = target, Tables = [] };
        return new JobSpec
        {
            Name = fields.Get("name", ""), Was = was, Source = source, Target = target, Tables = rules,
            Commit = new CommitPolicy
            {
                Rows = fields.Get("defaults.commit.rows", commit.Rows),
                Bytes = fields.Get("defaults.commit.bytes", commit.Bytes),
                Every = fields.Get("defaults.commit.every", commit.Every),
            },
            Retry = new RetryPolicy
            {
                Times = (int)fields.Get("defaults.on_error.retry.times", (long)retry.Times),
                BackoffMin = backoff.Min, BackoffMax = backoff.Max,
                RunBudget = (int)fields.Get("defaults.on_error.retry.run_budget", (long)retry.RunBudget),
            },
            CreateTables = fields.Get("schema.create", absent.CreateTables),
            Changes = fields.Get("schema.changes", "fail") switch
            {
                "evolve" => SchemaChanges.Evolve,
                "ignore" => SchemaChanges.Ignore,
                _ => SchemaChanges.Fail,
            },
            VerifyAfterRun = fields.Get("verify.after", "run") == "never" ? VerifyLevel.None
                : fields.Get("verify.level", "count") == "digest" ? VerifyLevel.Digest : VerifyLevel.Count,
            Consistency = fields.Get("consistency", "mixed") == "one-snapshot" ? Consistency.OneSnapshot : Consistency.Mixed,
            Parallel = (int)fields.Get("parallel", (long)absent.Parallel),
            MemoryBytes = fields.Get("memory", absent.MemoryBytes),
            File = file,
        };
    }

    private Endpoint? ReadEndpoint(FieldValue? field)
    {
        if (field?.Value is not string text) return null;
        var result = EndpointParser.Parse(text, Path.GetDirectoryName(file) ?? "/", environment, connectors, book);
        foreach (var p in result.Problems)
        {
            var at = problems.Within(field.At, p.Part);
            problems.Add(p.Code, at, field.Path, p.Reason, p.Suggestion, [.. p.Details.Select(d => (d.Key, d.Value))]);
        }
        return result.Endpoint;
    }

    /// <summary>The same place, whatever user and options: a file is the same behind a link, a server under any case of its name.</summary>
    private bool IsSame(Endpoint a, Endpoint b)
    {
        if (!connectors.Any(c => c.Schemes.Contains(a.Scheme) && c.Schemes.Contains(b.Scheme))) return false;
        if (a.Host is null && b.Host is null) return RealPath(a.Path) == RealPath(b.Path);
        return string.Equals(a.Host, b.Host, StringComparison.OrdinalIgnoreCase) && a.Port == b.Port && a.Path == b.Path;
    }

    private ConnectorSpec? SpecOf(Endpoint? at) => connectors.FirstOrDefault(c => c.Schemes.Contains(at?.Scheme ?? ""));

    /// <summary>A table that is named is not to be its own target. Patterns are seen through when the source has been asked.</summary>
    private void CheckWithin(FieldMap fields, IReadOnlyList<TableRule> rules, Endpoint target)
    {
        if (SpecOf(target) is not { Limits: { CopiesWithin: true } limits }) return;
        foreach (var rule in rules.Where(r => r.Pattern.Exact is not null && TableRules.IsTemplate(r.Target)))
        {
            var name = Named(rule.Pattern.Exact!, limits.HasSchemas);
            var from = name.Schema is null && limits.DefaultSchema is { } schema ? name with { Schema = schema } : name;
            if (TableRules.TargetName(rule.Target, name, limits) != from) continue;
            var entry = fields.Map("tables").Find(rule.Pattern.Text)!;
            problems.Add(Codes.SourceIsTarget, entry.Key, entry.Path, null, null, ("endpoint", target.Display),
                ("table", rule.Pattern.Text));
        }
    }

    private static string RealPath(string path)
    {
        if (Path.GetDirectoryName(path) is not { } above) return path;
        try
        {
            var real = Path.Combine(RealPath(above), Path.GetFileName(path));
            return File.ResolveLinkTarget(real, returnFinalTarget: true)?.FullName ?? real;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not there, a loop of links, or not ours to see: opening it will say so with its own error.
            return path;
        }
    }

    private List<TableRule> ReadRules(FieldMap fields)
    {
        var transform = fields.Map("transform").Under(fields.Map("defaults.transform"));
        var start = new FieldMap();
        foreach (var (name, value) in fields.Map("defaults").Entries)
        {
            if (JobFieldDocs.At("tables.*." + name) is { Capability: null }) start.Put(name, value);
        }
        start.Put("transform", new FieldValue("transform", Span.None, Span.None, transform));

        var entries = fields.Map("tables").Entries.Select(e => (Pattern: new TablePattern(e.Name), e.Value)).ToList();
        var globs = entries.Where(e => e.Pattern.HasWildcard).ToList();
        if (globs.Count > MostGlobs)
        {
            problems.Add(Codes.JobValueInvalid, globs[MostGlobs].Value.Key, "tables", JobReasons.TooMany, null, ("most", $"{MostGlobs}"));
            return [];
        }
        var rules = new List<TableRule>();
        foreach (var (pattern, value) in entries)
        {
            var exact = pattern.Exact;
            bool Covers(TablePattern wide) => exact is null ? TableRules.Covers(wide, pattern) : wide.Matches(exact);
            var wider = globs.Where(e => e.Pattern != pattern && Covers(e.Pattern)).ToList();
            wider.Sort((a, b) => TableRules.Compare(a.Pattern, b.Pattern));
            var merged = start;
            foreach (var entry in wider) merged = merged.Under((FieldMap)entry.Value.Value!);
            rules.Add(Rule(pattern, value, merged.Under((FieldMap)value.Value!)));
        }
        return rules;
    }

    private TableRule Rule(TablePattern pattern, FieldValue entry, FieldMap all)
    {
        var own = ((FieldMap)entry.Value!).Find("exclude") is not null;
        var exclude = all.Get<IReadOnlyList<string>>("exclude", []).Select(e => new TablePattern(e));
        CheckColumns(all);
        var (rejects, causes, nulls) = Rejects(all);
        return new TableRule
        {
            Pattern = pattern,
            Target = all.Get("target", "{table}"),
            Exclude = [.. exclude.Where(e => own || !TableRules.Covers(e, pattern))],
            Write = all.Get("write", "insert") switch
            {
                "upsert" => WriteMode.Upsert,
                "append" => WriteMode.Append,
                "replace" => WriteMode.Replace,
                _ => WriteMode.Insert,
            },
            AllowEmpty = all.Get("allow_empty", false),
            Where = all.Get<string?>("transform.where", null),
            Select = all.Get<IReadOnlyList<string>?>("transform.select", null),
            Drop = all.Get<IReadOnlyList<string>>("transform.drop", []),
            Rename = Pairs<string>(all.Map("transform.rename")),
            Set = Pairs<object?>(all.Map("transform.set")),
            SourceColumn = all.Get<string?>("source_column", null),
            SourceValue = SourceValue(all, entry),
            // To be null, mistyped cells have to be looked for.
            Strays = all.Get("on_error.mistyped", nulls.Contains(RejectCause.Of(Codes.TypeMismatch)) ? "reject" : "keep") switch
            {
                "reject" => StrayPolicy.Reject,
                "stop" => StrayPolicy.Stop,
                _ => StrayPolicy.Keep,
            },
            RejectLimit = rejects,
            CauseLimits = causes,
            NullCauses = nulls,
            Cursor = Cursor(all, entry),
            Splits = all.Deep("splits")?.Value is long splits ? (int)splits : null,
            Line = entry.Key.Start < 0 ? 0 : problems.Locate(entry.Key).Line,
        };
    }

    private string SourceValue(FieldMap all, FieldValue entry)
    {
        var (column, value) = (all.Deep("source_column"), all.Deep("source_value"));
        if (column?.Value is string name && all.Map("transform.set").Find(name) is not null) Conflict(column, name, "set");
        if (value?.Value is not string text) return new TableRule { Pattern = new TablePattern("") }.SourceValue;
        if (!TableRules.IsTemplate(text)) Invalid(value, JobReasons.SourceTemplate, ("value", text));
        if (column is null && ((FieldMap)entry.Value!).Find("source_value") is { } own) Invalid(own, JobReasons.NeedsSourceColumn);
        return text;
    }

    /// <summary>A cursor belongs to an incremental table, and everything else about it to a cursor; a replace takes all rows.</summary>
    private CursorRule? Cursor(FieldMap all, FieldValue entry)
    {
        var replaces = all.Get("write", "insert") == "replace";
        var empty = ((FieldMap)entry.Value!).Find("allow_empty");
        if (empty is not null && !replaces) Invalid(empty, JobReasons.NeedsReplace, ("name", "allow_empty"));
        var columns = all.Get<IReadOnlyList<string>>("cursor", []);
        if (all.Get("mode", "snapshot") != "incremental")
        {
            foreach (var name in new[] { "cursor", "overlap", "lag", "zone" })
            {
                var own = ((FieldMap)entry.Value!).Find(name);
                if (own is not null) Invalid(own, JobReasons.NeedsIncremental, ("name", name));
            }
            return null;
        }
        if (replaces) Invalid(all.Deep("write") ?? entry, JobReasons.NeedsSnapshot, ("name", "replace"));
        if (columns.Count == 0)
        {
            Invalid(all.Deep("cursor") ?? all.Deep("mode") ?? entry, JobReasons.NeedsCursor, ("name", "cursor"));
            return null;
        }
        var zone = all.Deep("zone");
        TimeSpan? offset = zone?.Value is string text ? Offset(text) : null;
        if (zone is not null && offset is null)
        {
            Invalid(zone, JobReasons.Zone, ("value", (string?)zone.Value), ("expected", "UTC | +08:00"));
        }
        return new CursorRule(columns, all.Get("overlap", TimeSpan.Zero), all.Deep("lag")?.Value as TimeSpan?, offset);
    }

    private void Invalid(FieldValue at, string reason, params (string Name, string? Value)[] details)
    {
        if (told.Add((reason, at.At))) problems.Add(Codes.JobValueInvalid, at.At, at.Path, reason, null, details);
    }

    private static TimeSpan? Offset(string text)
    {
        if (text is "UTC" or "Z" or "utc") return TimeSpan.Zero;
        if (text.Length != 6 || text[0] is not ('+' or '-')) return null;
        return TimeSpan.TryParseExact(text.AsSpan(1), "hh\\:mm", CultureInfo.InvariantCulture, out var offset) && offset.TotalHours <= 14
            ? text[0] == '-' ? -offset : offset : null;
    }

    /// <summary>
    /// Without a limit for all, the causes that are named have theirs and every other one stops the table; with it, the other ones have
    /// that alone. So does a cell that cannot be null.
    /// </summary>
    private static (long Limit, Dictionary<string, long> ByCause, string[] Nulls) Rejects(FieldMap all)
    {
        var named = all.Map("on_error.causes").Entries.ToDictionary(e => e.Name, e => (long)e.Value.Value!);
        string[] nulls = [.. RejectCause.Cellwise.Where(c => named.GetValueOrDefault(c) < 0)];
        var causes = named.Where(c => c.Value >= 0).ToDictionary();
        if (all.Deep("on_error.reject_limit")?.Value is long limit) return (limit, causes, nulls);
        if (named.Count == 0) return (0, causes, nulls);
        foreach (var cause in RejectCause.All) causes.TryAdd(cause, 0);
        return (causes.Values.Sum(), causes, nulls);
    }

    /// <summary>The order of the file is kept: it is the order of the columns.</summary>
    private static OrderedDictionary<string, T> Pairs<T>(FieldMap map)
    {
        var pairs = new OrderedDictionary<string, T>();
        foreach (var (name, value) in map.Entries) pairs.Add(name, (T)value.Value!);
        return pairs;
    }

    private void CheckColumns(FieldMap all)
    {
        var select = all.Get<IReadOnlyList<string>?>("transform.select", null);
        var drop = all.Get<IReadOnlyList<string>>("transform.drop", []);
        var rename = all.Map("transform.rename");
        var (kept, dropped) = (select?.ToHashSet(), drop.ToHashSet());
        if (kept is not null && drop.FirstOrDefault(kept.Contains) is { } both) Conflict(all.Deep("transform.drop")!, both, "select");
        var names = new HashSet<string>();
        foreach (var (from, to) in rename.Entries)
        {
            if (dropped.Contains(from)) Conflict(to, from, "drop");
            else if (kept?.Contains(from) == false) Conflict(to, from, "select");
            if (!names.Add((string)to.Value!)) Conflict(to, (string)to.Value!, "rename");
        }
    }

    private void Conflict(FieldValue at, string column, string other)
    {
        if (told.Add((other, at.At)))
            problems.Add(Codes.JobValueInvalid, at.At, at.Path, JobReasons.ColumnConflict, null, ("column", column), ("other", other));
    }

    /// <summary>What can be said before the source has been asked for its tables; the engine looks again afterwards.</summary>
    private void CheckTargets(FieldMap fields, IReadOnlyList<TableRule> rules, ConnectorSpec? source)
    {
        var taken = new Dictionary<string, TableRule>();
        foreach (var rule in rules)
        {
            var entry = fields.Map("tables").Find(rule.Pattern.Text)!;
            var given = (entry.Value as FieldMap)?.Find("target") ?? entry with { At = entry.Key };
            if (!TableRules.IsTemplate(rule.Target))
            {
                if (told.Add((JobReasons.TargetTemplate, given.At)))
                {
                    problems.Add(Codes.JobValueInvalid, given.At, given.Path, JobReasons.TargetTemplate, null,
                        ("expected", "{schema} | {table} | {{ | }}"), ("value", rule.Target));
                }
                continue;
            }
            var name = Named(rule.Pattern.Exact ?? rule.Pattern.Text, source?.Limits.HasSchemas ?? true);
            var target = rule.Pattern.HasWildcard ? rule.Target : TableRules.TargetName(rule.Target, name);
            if (IsReserved(name.Name)) problems.Add(Codes.ReservedName, entry.Key, entry.Path, null, null, ("name", rule.Pattern.Text));
            else if (IsReserved(target[(target.LastIndexOf('.') + 1)..]))
                problems.Add(Codes.ReservedName, given.At, given.Path, null, null, ("name", target));
            if (rule.Pattern.HasWildcard || taken.TryAdd(target, rule) || TableRules.MayShare(taken[target], rule)) continue;
            problems.Add(Codes.TargetClash, given.At, given.Path, null, null, ("target", target), ("table", rule.Pattern.Text),
                ("other", taken[target].Pattern.Text), ("line", FormattableString.Invariant($"{taken[target].Line}")));
        }
    }

    private static TableName Named(string text, bool schemas) =>
        schemas && text.IndexOf('.') is var dot and > 0 && dot < text.Length - 1
            ? new TableName(text[..dot], text[(dot + 1)..]) : new TableName(null, text);

    private static bool IsReserved(string name) => name.StartsWith("pawl_", StringComparison.OrdinalIgnoreCase);
}
