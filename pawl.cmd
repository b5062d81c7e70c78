@echo off
rem Builds Pawl when its sources changed, then runs it. The sibling of ./pawl, which says why each step is there.
setlocal
set "ROOT=%~dp0"
set "OUT=%ROOT%artifacts\launch"
set "STALE=1"
for /f %%s in ('powershell -NoProfile -Command "$s = Get-Item -ErrorAction Ignore '%OUT%\stamp'; if (-not $s -or -not (Test-Path '%OUT%\app\pawl.exe')) { 1 } else { [int][bool](Get-ChildItem -Recurse '%ROOT%src','%ROOT%Directory.Build.props','%ROOT%Directory.Packages.props','%ROOT%global.json' | Where-Object LastWriteTime -gt $s.LastWriteTime | Select-Object -First 1) }"') do set "STALE=%%s"
if "%STALE%"=="0" goto run

where dotnet >nul 2>nul || goto nosdk
dotnet --list-sdks | findstr /b "10\." >nul || goto nosdk
echo pawl: building Pawl (about 30 s) ... 1>&2
if not exist "%OUT%" mkdir "%OUT%"
type nul > "%OUT%\stamp.next"
dotnet publish "%ROOT%src\Cli" -c Release -o "%OUT%\app" --artifacts-path "%OUT%\work" -v q -nologo -nodeReuse:false -p:UseSharedCompilation=false -p:PawlLaunch=true > "%OUT%\build.log" 2>&1
if errorlevel 1 (
  echo pawl: the build failed: 1>&2
  findstr /c:"error" "%OUT%\build.log" 1>&2
  exit /b 1
)
move /y "%OUT%\stamp.next" "%OUT%\stamp" >nul

:run
"%OUT%\app\pawl.exe" %*
exit /b %errorlevel%

:nosdk
echo pawl: the .NET 10 SDK was not found. Install it (https://dotnet.microsoft.com/download/dotnet/10.0) and run this again. 1>&2
exit /b 1
