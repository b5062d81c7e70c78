return await Pawl.Cli.App.RunAsync(args);
